#!/bin/sh
# Right: when the child is dead the limit is lifted, and before that it was written once more while the child grew: to the same
# value. A second group, with another limit and somebody in it, has nothing to do with it.
set -eu

memory=/sys/fs/cgroup/memory
[ -d "$memory" ] || memory=/sys/fs/cgroup
group=$memory/oom.$$
mkdir "$group"
for file in memory.limit_in_bytes memory.memsw.limit_in_bytes memory.max; do
    [ ! -e "$group/$file" ] || echo 20000000 >"$group/$file"
done
[ ! -e "$group/memory.swap.max" ] || echo 0 >"$group/memory.swap.max"

mkdir "$group.other"
sleep 1000 &
other=$!
echo "$other" >"$group.other/cgroup.procs"

sh -c 'echo $$ >"$1/cgroup.procs"; exec tail /dev/zero' sh "$group" &
child=$!
for file in memory.limit_in_bytes memory.max; do
    [ ! -e "$group/$file" ] || echo 20000000 >"$group/$file" || :
done
status=0
wait "$child" || status=$?
for file in memory.memsw.limit_in_bytes memory.limit_in_bytes; do
    [ ! -e "$group/$file" ] || echo -1 >"$group/$file"
done
[ ! -e "$group/memory.max" ] || echo max >"$group/memory.max"

kill "$other"
wait "$other" || [ $? = 143 ]
timeout 60 sh -c 'until rmdir "$1" 2>/dev/null; do :; done' sh "$group"
timeout 60 sh -c 'until rmdir "$1" 2>/dev/null; do :; done' sh "$group.other"
[ "$status" = 137 ]
