#!/bin/sh
# Wrong: the limit is written while the group is empty, and taken back before the child comes; another is then in force.
# Broken: that group was limited to 20,000,000 bytes before the process grew.
set -eu

memory=/sys/fs/cgroup/memory
[ -d "$memory" ] || memory=/sys/fs/cgroup
group=$memory/oom.$$
mkdir "$group"
for file in memory.limit_in_bytes memory.memsw.limit_in_bytes memory.max; do
    [ ! -e "$group/$file" ] || echo 20000000 >"$group/$file"
done
[ ! -e "$group/memory.swap.max" ] || echo 0 >"$group/memory.swap.max"
for file in memory.memsw.limit_in_bytes memory.limit_in_bytes memory.max; do
    [ ! -e "$group/$file" ] || echo 24000000 >"$group/$file"
done

sh -c 'echo $$ >"$1/cgroup.procs"; exec tail /dev/zero' sh "$group" &
status=0
wait $! || status=$?
timeout 60 sh -c 'until rmdir "$1" 2>/dev/null; do :; done' sh "$group"
[ "$status" = 137 ]
