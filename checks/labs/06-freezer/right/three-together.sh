#!/bin/sh
# Right: three processes are at work in the group; a first freeze is short, one of them is killed, and the second freeze counts.
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
start() {
    sh -c 'echo $$ >"$1/cgroup.procs"; exec ping -q -i 0.05 127.0.0.1' sh "$group" >/dev/null &
}
freeze_for() {
    echo "$freeze" >"$group/$file"
    wait_for '^(FROZEN|frozen 1)' "$group/$state"
    sleep "$1"
    echo "$thaw" >"$group/$file"
    sleep 0.8
}
start
first=$!
start
second=$!
start
third=$!
timeout 60 sh -c 'until [ "$(wc -l <"$1")" = 3 ]; do :; done' sh "$group/cgroup.procs"
sleep 0.5
freeze_for 0.1
kill -KILL "$second"
wait "$second" || [ $? = 137 ]
freeze_for 0.7
kill -KILL "$first" "$third"
wait "$first" || [ $? = 137 ]
wait "$third" || [ $? = 137 ]
# The group can be removed only when the kernel has taken the dead process out of it.
timeout 60 sh -c 'until rmdir "$1" 2>/dev/null; do :; done' sh "$group"
