#!/bin/sh
# Wrong: a limit of 20M, which the kernel reads as 20 times 1,048,576.
# Broken: that group was limited to 20,000,000 bytes.
set -eu

memory=/sys/fs/cgroup/memory
[ -d "$memory" ] || memory=/sys/fs/cgroup
group=$memory/oom.$$
mkdir "$group"
for file in memory.limit_in_bytes memory.memsw.limit_in_bytes memory.max; do
    [ ! -e "$group/$file" ] || echo 20M >"$group/$file"
done
[ ! -e "$group/memory.swap.max" ] || echo 0 >"$group/memory.swap.max"

sh -c 'echo $$ >"$1/cgroup.procs"; exec tail /dev/zero' sh "$group" &
status=0
wait $! || status=$?
[ "$status" = 137 ]
timeout 60 sh -c 'until rmdir "$1" 2>/dev/null; do :; done' sh "$group"
