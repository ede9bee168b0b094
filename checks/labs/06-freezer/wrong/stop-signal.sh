#!/bin/sh
# Wrong: SIGSTOP and SIGCONT instead of the freezer.
# Broken: the group's own word was FROZEN, and it was the freezer that held the process.
set -eu

if [ -d /sys/fs/cgroup/freezer ]; then
    group=/sys/fs/cgroup/freezer/ticks.$$
else
    group=/sys/fs/cgroup/ticks.$$
fi
wait_for() {
    timeout 60 sh -c 'until grep -Eq "$1" "$2"; do :; done' sh "$@"
}

mkdir "$group"
sh -c 'echo $$ >"$1/cgroup.procs"; exec ping -q -i 0.02 127.0.0.1' sh "$group" >/dev/null &
ticker=$!
wait_for . "$group/cgroup.procs"
sleep 0.5

kill -STOP "$ticker"
wait_for '^State:.[Tt]' "/proc/$ticker/status"
sleep 0.7
kill -CONT "$ticker"
sleep 0.7

kill -KILL "$ticker"
wait "$ticker" || [ $? = 137 ]
timeout 60 sh -c 'until rmdir "$1" 2>/dev/null; do :; done' sh "$group"
