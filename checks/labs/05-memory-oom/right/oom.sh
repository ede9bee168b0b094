#!/bin/sh
# Right: lab 5 with tail(1), which keeps all that it reads until a line ends, and none ever does.
set -eu

memory=/sys/fs/cgroup/memory
[ -d "$memory" ] || memory=/sys/fs/cgroup
group=$memory/oom.$$
mkdir "$group"

# The first file is v1's. Its second, for memory and swap together, is missing on some machines.
for file in memory.limit_in_bytes memory.memsw.limit_in_bytes memory.max; do
    [ ! -e "$group/$file" ] || echo 20000000 >"$group/$file"
done
# With swap left to it, the child would be moved out to disk rather than killed.
[ ! -e "$group/memory.swap.max" ] || echo 0 >"$group/memory.swap.max"

# exec: a shell that stays would be a second process in the group.
sh -c 'echo $$ >"$1/cgroup.procs"; exec tail /dev/zero' sh "$group" &
status=0
wait $! || status=$?
[ "$status" = 137 ]

# The group can be removed only when the kernel has taken the dead process out of it.
timeout 60 sh -c 'until rmdir "$1" 2>/dev/null; do :; done' sh "$group"
