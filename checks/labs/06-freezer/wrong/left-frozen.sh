#!/bin/sh
# Wrong: the program ends while the process is frozen, and leaves it and its group.
# Broken: after the thaw the very same process went on, and nothing is left behind.
set -eu

if [ -d /sys/fs/cgroup/freezer ]; then
    group=/sys/fs/cgroup/freezer/ticks.$$
    file=freezer.state freeze=FROZEN state=freezer.state
else
    group=/sys/fs/cgroup/ticks.$$
    file=cgroup.freeze freeze=1 state=cgroup.events
fi
wait_for() {
    timeout 60 sh -c 'until grep -Eq "$1" "$2"; do :; done' sh "$@"
}

mkdir "$group"
sh -c 'echo $$ >"$1/cgroup.procs"; exec ping -q -i 0.02 127.0.0.1' sh "$group" >/dev/null &
ticker=$!
wait_for . "$group/cgroup.procs"
sleep 0.5

echo "$freeze" >"$group/$file"
wait_for '^(FROZEN|frozen 1)' "$group/$state"
sleep 0.7
