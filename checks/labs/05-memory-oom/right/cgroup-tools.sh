#!/bin/sh
# Right: lab 5 with the tools of libcgroup, which find the hierarchies by themselves.
set -eu

group=oom.$$
cgcreate -g "memory:$group"
# The second file of v1, for memory and swap together, is missing on some machines. In v2 a child with swap left to it
# would be moved out to disk rather than killed.
if [ -d /sys/fs/cgroup/memory ]; then
    cgset -r memory.limit_in_bytes=20000000 "$group"
    cgset -r memory.memsw.limit_in_bytes=20000000 "$group" 2>/dev/null || :
else
    cgset -r memory.max=20000000 -r memory.swap.max=0 "$group"
fi

status=0
cgexec -g "memory:$group" tail /dev/zero || status=$?
[ "$status" = 137 ]

# The group can be removed only when the kernel has taken the dead process out of it.
timeout 60 sh -c 'until cgdelete -g "memory:$1" 2>/dev/null; do :; done' sh "$group"
