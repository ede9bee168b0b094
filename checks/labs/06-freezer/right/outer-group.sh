#!/bin/sh
# Right: the ticker sits in a group within a group, and the outer one is frozen.
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
mkdir "$group/inner"
sh -c 'echo $$ >"$1/cgroup.procs"; exec ping -q -i 0.02 127.0.0.1' sh "$group/inner" >/dev/null &
ticker=$!
wait_for . "$group/inner/cgroup.procs"
sleep 0.5

echo "$freeze" >"$group/$file"
wait_for '^(FROZEN|frozen 1)' "$group/inner/$state"
sleep 0.7
echo "$thaw" >"$group/$file"
sleep 0.7

kill -KILL "$ticker"
wait "$ticker" || [ $? = 137 ]
# The group can be removed only when the kernel has taken the dead process out of it.
for each in "$group/inner" "$group"; do
    timeout 60 sh -c 'until rmdir "$1" 2>/dev/null; do :; done' sh "$each"
done
