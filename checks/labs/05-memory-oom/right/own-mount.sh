#!/bin/sh
# Right: the program attaches the hierarchy a second time, to a directory of its own, and works there.
set -eu

mkdir groups
if [ -d /sys/fs/cgroup/memory ]; then
    mount -t cgroup -o memory none groups
else
    mount -t cgroup2 none groups
fi
group=$PWD/groups/oom.$$
mkdir "$group"
for file in memory.limit_in_bytes memory.memsw.limit_in_bytes memory.max; do
    [ ! -e "$group/$file" ] || echo 20000000 >"$group/$file"
done
[ ! -e "$group/memory.swap.max" ] || echo 0 >"$group/memory.swap.max"

sh -c 'echo $$ >"$1/cgroup.procs"; exec tail /dev/zero' sh "$group" &
status=0
wait $! || status=$?
timeout 60 sh -c 'until rmdir "$1" 2>/dev/null; do :; done' sh "$group"
umount groups
[ "$status" = 137 ]
