#!/bin/sh
# Right: the group lies in another one of the program's own, which has no limit.
set -eu

memory=/sys/fs/cgroup/memory
[ -d "$memory" ] || memory=/sys/fs/cgroup
outer=$memory/outer.$$
group=$outer/oom
mkdir "$outer"
# In v2 a group has a limit only if the one above it hands the controller down.
[ ! -e "$outer/cgroup.subtree_control" ] || echo +memory >"$outer/cgroup.subtree_control"
mkdir "$group"
for file in memory.limit_in_bytes memory.memsw.limit_in_bytes memory.max; do
    [ ! -e "$group/$file" ] || echo 20000000 >"$group/$file"
done
[ ! -e "$group/memory.swap.max" ] || echo 0 >"$group/memory.swap.max"

sh -c 'echo $$ >"$1/cgroup.procs"; exec tail /dev/zero' sh "$group" &
status=0
wait $! || status=$?
timeout 60 sh -c 'until rmdir "$1" "$2" 2>/dev/null || [ ! -e "$2" ]; do :; done' sh "$group" "$outer"
[ "$status" = 137 ]
