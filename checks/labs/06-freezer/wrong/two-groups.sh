#!/bin/sh
# Wrong: two groups: a process works in the first one, and an idle one is frozen in the second.
# Broken: the group of the process at work was FROZEN.
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

mkdir "$group" "$group.other"
sh -c 'echo $$ >"$1/cgroup.procs"; exec ping -q -i 0.02 127.0.0.1' sh "$group" >/dev/null &
ticker=$!
wait_for . "$group/cgroup.procs"
sh -c 'echo $$ >"$1/cgroup.procs"; exec sleep 60' sh "$group.other" &
idle=$!
wait_for . "$group.other/cgroup.procs"
sleep 0.5

echo "$freeze" >"$group.other/$file"
wait_for '^(FROZEN|frozen 1)' "$group.other/$state"
sleep 0.7
echo "$thaw" >"$group.other/$file"
sleep 0.7

kill -KILL "$ticker" "$idle"
wait "$ticker" || [ $? = 137 ]
wait "$idle" || [ $? = 137 ]
timeout 60 sh -c 'until rmdir "$1" 2>/dev/null; do :; done' sh "$group"
timeout 60 sh -c 'until rmdir "$1" 2>/dev/null; do :; done' sh "$group.other"
