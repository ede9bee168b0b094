#!/bin/sh
# Wrong: two processes grow in the group at once, and the kernel kills both.
# Broken: the process sat in a group of its own, the counter rose by one, and nobody else died.
set -eu

memory=/sys/fs/cgroup/memory
[ -d "$memory" ] || memory=/sys/fs/cgroup
group=$memory/oom.$$
mkdir "$group"
for file in memory.limit_in_bytes memory.memsw.limit_in_bytes memory.max; do
    [ ! -e "$group/$file" ] || echo 20000000 >"$group/$file"
done
[ ! -e "$group/memory.swap.max" ] || echo 0 >"$group/memory.swap.max"

# Both are in it before either grows.
mkfifo one two
sh -c 'read -r _ <one; exec tail /dev/zero' &
first=$!
sh -c 'read -r _ <two; exec tail /dev/zero' &
second=$!
for pid in "$first" "$second"; do echo "$pid" >"$group/cgroup.procs"; done
echo >one
echo >two
rm one two
for victim in "$first" "$second"; do
    status=0
    wait "$victim" || status=$?
    [ "$status" = 137 ]
done
timeout 60 sh -c 'until rmdir "$1" 2>/dev/null; do :; done' sh "$group"
