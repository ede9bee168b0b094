#!/bin/sh
# Wrong: the group's own limit of 20,000,000 never bites: a group above it has 18,500,000, and it is that one's limit by
# which the child dies.
# Broken: that group was limited, came to its limit, and is the one that the log names.
set -eu

memory=/sys/fs/cgroup/memory
[ -d "$memory" ] || memory=/sys/fs/cgroup
outer=$memory/oom.$$
mkdir "$outer"
[ ! -e "$outer/cgroup.subtree_control" ] || echo +memory >"$outer/cgroup.subtree_control"
limit() {
    for file in memory.limit_in_bytes memory.max; do
        [ ! -e "$1/$file" ] || echo "$2" >"$1/$file"
    done
    [ ! -e "$1/memory.swap.max" ] || echo 0 >"$1/memory.swap.max"
}
limit "$outer" 18500000
mkdir "$outer/inner"
limit "$outer/inner" 20000000
sh -c 'echo $$ >"$1/cgroup.procs"; exec tail /dev/zero' victim "$outer/inner" &
status=0
wait $! || status=$?
timeout 60 sh -c 'until rmdir "$1/inner" "$1" 2>/dev/null; do :; done' sh "$outer"
[ "$status" = 137 ]
