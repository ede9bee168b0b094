#!/bin/sh
# Right: a first process joins the empty group only to see that it can, and ends. Then the child comes, and is alone.
set -eu

memory=/sys/fs/cgroup/memory
[ -d "$memory" ] || memory=/sys/fs/cgroup
group=$memory/oom.$$
mkdir "$group"
for file in memory.limit_in_bytes memory.memsw.limit_in_bytes memory.max; do
    [ ! -e "$group/$file" ] || echo 20000000 >"$group/$file"
done
[ ! -e "$group/memory.swap.max" ] || echo 0 >"$group/memory.swap.max"

sh -c 'echo $$ >"$1/cgroup.procs"; exec grep -c . /proc/self/cgroup' probe "$group" >/dev/null
sh -c 'echo $$ >"$1/cgroup.procs"; exec tail /dev/zero' victim "$group" &
status=0
wait $! || status=$?
timeout 60 sh -c 'until rmdir "$1" 2>/dev/null; do :; done' sh "$group"
[ "$status" = 137 ]
