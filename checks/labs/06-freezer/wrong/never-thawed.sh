#!/bin/sh
# Wrong: never thawed: the group is killed frozen, which v2 can do.
# Broken: after the thaw the very same process went on.
set -eu

# The v2 freezer, also where the controllers are v1's.
group=/sys/fs/cgroup/unified/ticks.$$
[ -d /sys/fs/cgroup/unified ] || group=/sys/fs/cgroup/ticks.$$
wait_for() {
    timeout 60 sh -c 'until grep -Eq "$1" "$2"; do :; done' sh "$@"
}

mkdir "$group"
sh -c 'echo $$ >"$1/cgroup.procs"; exec ping -q -i 0.02 127.0.0.1' sh "$group" >/dev/null &
ticker=$!
wait_for . "$group/cgroup.procs"
sleep 0.5

echo 1 >"$group/cgroup.freeze"
wait_for '^frozen 1' "$group/cgroup.events"
sleep 0.7

echo 1 >"$group/cgroup.kill"
wait "$ticker" || [ $? = 137 ]
timeout 60 sh -c 'until rmdir "$1" 2>/dev/null; do :; done' sh "$group"
