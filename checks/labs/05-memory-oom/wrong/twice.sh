#!/bin/sh
# Wrong: when the first victim is dead, a second one dies in the same group.
# Broken: the counter rose by one, and nobody else died.
set -eu

memory=/sys/fs/cgroup/memory
[ -d "$memory" ] || memory=/sys/fs/cgroup
group=$memory/oom.$$
mkdir "$group"
for file in memory.limit_in_bytes memory.memsw.limit_in_bytes memory.max; do
    [ ! -e "$group/$file" ] || echo 20000000 >"$group/$file"
done
[ ! -e "$group/memory.swap.max" ] || echo 0 >"$group/memory.swap.max"

for victim in first second; do
    sh -c 'echo $$ >"$1/cgroup.procs"; exec tail /dev/zero' "$victim" "$group" &
    status=0
    wait $! || status=$?
    [ "$status" = 137 ]
done
timeout 60 sh -c 'until rmdir "$1" 2>/dev/null; do :; done' sh "$group"
