#!/bin/sh
# Wrong: another process holds nine million bytes in a group below the limited one, and they count as that one's.
# Broken: the process sat in a memory group of its own.
set -eu

memory=/sys/fs/cgroup/memory
[ -d "$memory" ] || memory=/sys/fs/cgroup
group=$memory/oom.$$
mkdir "$group"
for file in memory.limit_in_bytes memory.memsw.limit_in_bytes memory.max; do
    [ ! -e "$group/$file" ] || echo 20000000 >"$group/$file"
done
[ ! -e "$group/memory.swap.max" ] || echo 0 >"$group/memory.swap.max"

mkdir "$group/below"
mkfifo up
python3 -c '
import sys, time
with open(sys.argv[1] + "/below/cgroup.procs", "w") as file:
    file.write("0")
held = b"x" * 9_000_000
with open("up", "w") as file:
    file.write("x\n")
time.sleep(1000)' "$group" &
other=$!
read -r _ <up
rm up

# The kernel takes the one with the higher score.
sh -c 'echo $$ >"$1/cgroup.procs"; echo 1000 >/proc/$$/oom_score_adj; exec tail /dev/zero' sh "$group" &
status=0
wait $! || status=$?
kill "$other"
wait "$other" || [ $? = 143 ]
timeout 60 sh -c 'until rmdir "$1" 2>/dev/null; do :; done' sh "$group/below"
timeout 60 sh -c 'until rmdir "$1" 2>/dev/null; do :; done' sh "$group"
[ "$status" = 137 ]
