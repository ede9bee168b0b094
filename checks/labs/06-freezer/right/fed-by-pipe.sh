#!/bin/sh
# Right: the process works on what another one, outside of the group, writes to a pipe twenty times a second.
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
mkfifo work
sh -c 'echo $$ >"$1/cgroup.procs"; exec cat work' sh "$group" >/dev/null &
ticker=$!
(while sleep 0.05; do echo; done) >work &
feeder=$!
wait_for . "$group/cgroup.procs"
sleep 0.6

echo "$freeze" >"$group/$file"
wait_for '^(FROZEN|frozen 1)' "$group/$state"
sleep 0.7
echo "$thaw" >"$group/$file"
sleep 0.8

kill "$feeder"
wait "$feeder" || [ $? = 143 ]
kill -KILL "$ticker"
wait "$ticker" || [ $? = 137 ]
# The group can be removed only when the kernel has taken the dead process out of it.
timeout 60 sh -c 'until rmdir "$1" 2>/dev/null; do :; done' sh "$group"
