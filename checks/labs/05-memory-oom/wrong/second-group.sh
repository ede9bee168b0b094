#!/bin/sh
# Wrong: all is done twice, in a second group too, where another process is killed.
# Broken: nobody else died.
set -eu

memory=/sys/fs/cgroup/memory
[ -d "$memory" ] || memory=/sys/fs/cgroup
for group in "$memory/oom.$$" "$memory/other.$$"; do
    mkdir "$group"
    for file in memory.limit_in_bytes memory.memsw.limit_in_bytes memory.max; do
        [ ! -e "$group/$file" ] || echo 20000000 >"$group/$file"
    done
    [ ! -e "$group/memory.swap.max" ] || echo 0 >"$group/memory.swap.max"

    sh -c 'echo $$ >"$1/cgroup.procs"; exec tail /dev/zero' sh "$group" &
    status=0
    wait $! || status=$?
    [ "$status" = 137 ]
    timeout 60 sh -c 'until rmdir "$1" 2>/dev/null; do :; done' sh "$group"
done
