#!/bin/sh
# Wrong: the group is frozen without a process in it, and the process works on outside.
# Broken: a process sat in a freezer group of its own.
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
ping -q -i 0.02 127.0.0.1 >/dev/null &
ticker=$!
sleep 0.5

echo "$freeze" >"$group/$file"
wait_for '^(FROZEN|frozen 1)' "$group/$state"
sleep 0.7
echo "$thaw" >"$group/$file"
sleep 0.7

kill -KILL "$ticker"
wait "$ticker" || [ $? = 137 ]
timeout 60 sh -c 'until rmdir "$1" 2>/dev/null; do :; done' sh "$group"
