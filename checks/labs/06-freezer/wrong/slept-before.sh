#!/bin/sh
# Wrong: the process works, and then sleeps for half a second before it is frozen.
# Broken: a process was at work as it was frozen.
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
while not os.path.exists("asleep"):
    time.sleep(0.02)
os.rmdir("asleep")
while not os.path.exists("awake"):
    time.sleep(0.6)
while True:
    time.sleep(0.02)
' &
ticker=$!
wait_for . "$group/cgroup.procs"
sleep 0.5
mkdir asleep
# It has taken note, and sleeps.
timeout 60 sh -c 'while [ -d asleep ]; do :; done'
sleep 0.5
mkdir awake

echo "$freeze" >"$group/$file"
wait_for '^(FROZEN|frozen 1)' "$group/$state"
sleep 0.7
echo "$thaw" >"$group/$file"
sleep 1.4
rmdir awake

kill -KILL "$ticker"
wait "$ticker" || [ $? = 137 ]
# The group can be removed only when the kernel has taken the dead process out of it.
timeout 60 sh -c 'until rmdir "$1" 2>/dev/null; do :; done' sh "$group"
