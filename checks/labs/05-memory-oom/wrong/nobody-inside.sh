#!/bin/sh
# Wrong: limits a group that no process joins; the child takes 30,000,000 bytes outside it, and ends by itself.
# Broken: a process sat in a memory group of its own.
set -eu

memory=/sys/fs/cgroup/memory
[ -d "$memory" ] || memory=/sys/fs/cgroup
group=$memory/oom.$$
mkdir "$group"
for file in memory.limit_in_bytes memory.memsw.limit_in_bytes memory.max; do
    [ ! -e "$group/$file" ] || echo 20000000 >"$group/$file"
done
[ ! -e "$group/memory.swap.max" ] || echo 0 >"$group/memory.swap.max"

head -c 30000000 /dev/zero | tail >/dev/null
timeout 60 sh -c 'until rmdir "$1" 2>/dev/null; do :; done' sh "$group"
