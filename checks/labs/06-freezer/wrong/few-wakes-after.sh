#!/bin/sh
# Wrong: after the thaw the process wakes a few times at once, and then sleeps for good.
# Broken: after the thaw it went on.
set -eu

if [ -d /sys/fs/cgroup/freezer ]; then
    group=/sys/fs/cgroup/freezer/ticks.$$
    file=freezer.state freeze=FROZEN thaw=THAWED state=freezer.state
else
    group=/sys/fs/cgroup/ticks.$$
    file=cgroup.freeze freeze=1 thaw=0 state=cgroup.events
fi
wait_for() {
    timeout 60 sh -c 'until grep -Eq "$1" "$2"; do :; done' sh "$@"
}

mkdir "$group"
sh -c 'echo $$ >"$1/cgroup.procs"; exec python3 -c "$2"' sh "$group" '
import os, time
while not os.path.exists("thawed"):
    time.sleep(0.02)
for _ in range(4):
    time.sleep(0.001)
awake = time.time() - os.stat("thawed").st_mtime
if awake > 0.3:
    print(f"This machine is too busy: awake for {awake:.2f} s.", flush=True)
time.sleep(1000)
' &
ticker=$!
wait_for . "$group/cgroup.procs"
sleep 0.7

echo "$freeze" >"$group/$file"
wait_for '^(FROZEN|frozen 1)' "$group/$state"
sleep 0.7
touch thawed
echo "$thaw" >"$group/$file"
sleep 0.9

kill -KILL "$ticker"
wait "$ticker" || [ $? = 137 ]
# The group can be removed only when the kernel has taken the dead process out of it.
timeout 60 sh -c 'until rmdir "$1" 2>/dev/null; do :; done' sh "$group"
