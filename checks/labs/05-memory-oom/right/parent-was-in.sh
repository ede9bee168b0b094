#!/bin/sh
# Right: the parent joins the group, makes the child in there, and leaves before the child takes memory.
set -eu

memory=/sys/fs/cgroup/memory
[ -d "$memory" ] || memory=/sys/fs/cgroup
group=$memory/oom.$$
mkdir "$group"
for file in memory.limit_in_bytes memory.memsw.limit_in_bytes memory.max; do
    [ ! -e "$group/$file" ] || echo 20000000 >"$group/$file"
done
[ ! -e "$group/memory.swap.max" ] || echo 0 >"$group/memory.swap.max"

# Where the parent was: the root of the hierarchy, or (v2) the group that holds the sandbox's own processes.
home=$memory
[ ! -d "$memory/sandbox" ] || home=$memory/sandbox
mkfifo go
echo $$ >"$group/cgroup.procs"
sh -c 'read -r _ <go; exec tail /dev/zero' &
echo $$ >"$home/cgroup.procs"
echo >go
status=0
wait $! || status=$?
rm go
timeout 60 sh -c 'until rmdir "$1" 2>/dev/null; do :; done' sh "$group"
[ "$status" = 137 ]
