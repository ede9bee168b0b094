#!/bin/sh
# Wrong: the process sleeps all the time, and four others keep the judge busy with calls that it has to see.
# Broken: the process was at work, and after the thaw it went on.
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
callers=
for _ in 1 2 3 4; do
    python3 -c 'import os
while True:
    os.kill(os.getpid(), 0)' &
    callers="$callers $!"
done
sh -c 'echo $$ >"$1/cgroup.procs"; exec sleep 1000' sh "$group" &
ticker=$!
wait_for . "$group/cgroup.procs"
sleep 0.6

echo "$freeze" >"$group/$file"
wait_for '^(FROZEN|frozen 1)' "$group/$state"
sleep 0.7
echo "$thaw" >"$group/$file"
sleep 0.8

# shellcheck disable=SC2086
kill -KILL $callers
kill -KILL "$ticker"
wait "$ticker" || [ $? = 137 ]
# The group can be removed only when the kernel has taken the dead process out of it.
timeout 60 sh -c 'until rmdir "$1" 2>/dev/null; do :; done' sh "$group"
