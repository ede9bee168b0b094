#!/bin/sh
# Wrong: the limit is 20,000,000 at first and in the end; when the child is killed it is 18,200,000.
# Broken: the group was limited to 20,000,000.
set -eu

memory=/sys/fs/cgroup/memory
[ -d "$memory" ] || memory=/sys/fs/cgroup
group=$memory/oom.$$
mkdir "$group"
limit() {
    for file in memory.limit_in_bytes memory.max; do
        [ ! -e "$group/$file" ] || echo "$1" >"$group/$file"
    done
}
[ ! -e "$group/memory.swap.max" ] || echo 0 >"$group/memory.swap.max"

limit 20000000
limit 18200000
sh -c 'echo $$ >"$1/cgroup.procs"; exec tail /dev/zero' victim "$group" &
status=0
wait $! || status=$?
limit 20000000
timeout 60 sh -c 'until rmdir "$1" 2>/dev/null; do :; done' sh "$group"
[ "$status" = 137 ]
