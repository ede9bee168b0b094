#!/bin/sh
# Right: the limit is set twice while nobody is in the group, and it is the second value that holds; cp(1) writes it.
set -eu

memory=/sys/fs/cgroup/memory
[ -d "$memory" ] || memory=/sys/fs/cgroup
group=$memory/oom.$$
mkdir "$group"
echo 20000000 >value
for file in memory.limit_in_bytes memory.memsw.limit_in_bytes memory.max; do
    [ ! -e "$group/$file" ] || echo 60000000 >"$group/$file"
done
for file in memory.limit_in_bytes memory.memsw.limit_in_bytes memory.max; do
    [ ! -e "$group/$file" ] || cp value "$group/$file"
done
[ ! -e "$group/memory.swap.max" ] || echo 0 >"$group/memory.swap.max"
rm value

sh -c 'echo $$ >"$1/cgroup.procs"; exec tail /dev/zero' sh "$group" &
status=0
wait $! || status=$?
timeout 60 sh -c 'until rmdir "$1" 2>/dev/null; do :; done' sh "$group"
[ "$status" = 137 ]
