#!/bin/sh
# Wrong: no exec: the shell joins as well as tail(1), its child.
# Broken: the process sat in a memory group of its own.
set -eu

memory=/sys/fs/cgroup/memory
[ -d "$memory" ] || memory=/sys/fs/cgroup
group=$memory/oom.$$
mkdir "$group"
for file in memory.limit_in_bytes memory.memsw.limit_in_bytes memory.max; do
    [ ! -e "$group/$file" ] || echo 20000000 >"$group/$file"
done
[ ! -e "$group/memory.swap.max" ] || echo 0 >"$group/memory.swap.max"

sh -c 'echo $$ >"$1/cgroup.procs"; tail /dev/zero; exit $?' sh "$group" &
status=0
wait $! || status=$?
[ "$status" = 137 ]
timeout 60 sh -c 'until rmdir "$1" 2>/dev/null; do :; done' sh "$group"
