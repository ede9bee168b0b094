#!/bin/sh
# Wrong: the group is left.
# Broken: nothing is left behind.
set -eu

memory=/sys/fs/cgroup/memory
[ -d "$memory" ] || memory=/sys/fs/cgroup
group=$memory/oom.$$
mkdir "$group"
for file in memory.limit_in_bytes memory.memsw.limit_in_bytes memory.max; do
    [ ! -e "$group/$file" ] || echo 20000000 >"$group/$file"
done
[ ! -e "$group/memory.swap.max" ] || echo 0 >"$group/memory.swap.max"

sh -c 'echo $$ >"$1/cgroup.procs"; exec tail /dev/zero' sh "$group" &
status=0
wait $! || status=$?
[ "$status" = 137 ]
