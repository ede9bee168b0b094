#!/bin/sh
# Right: the child is PID 1 in a PID namespace of its own, and fills a file in memory, which counts as well.
set -eu

memory=/sys/fs/cgroup/memory
[ -d "$memory" ] || memory=/sys/fs/cgroup
group=$memory/oom.$$
mkdir "$group"
for file in memory.limit_in_bytes memory.memsw.limit_in_bytes memory.max; do
    [ ! -e "$group/$file" ] || echo 20000000 >"$group/$file"
done
[ ! -e "$group/memory.swap.max" ] || echo 0 >"$group/memory.swap.max"

file=/dev/shm/oom.$$
status=0
unshare --pid --fork sh -c 'echo 0 >"$1/cgroup.procs"; exec dd if=/dev/zero of="$2" bs=1M 2>/dev/null' sh "$group" "$file" || status=$?
rm "$file"
timeout 60 sh -c 'until rmdir "$1" 2>/dev/null; do :; done' sh "$group"
# Which of its ends unshare(1) reports of a killed child depends on its version.
[ "$status" != 0 ]
