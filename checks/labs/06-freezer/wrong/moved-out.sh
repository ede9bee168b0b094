#!/bin/sh
# Wrong: while its group is frozen the process is moved to another one, where it works on, and then back.
# Broken: it was frozen for half a second, and after the thaw it went on in its group.
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
# The clock in hundredths of a second, read by this shell itself.
read_clock() {
    read -r now _ </proc/uptime
    now=${now%.*}${now#*.}
}

mkdir "$group" "$group.other"
sh -c 'echo $$ >"$1/cgroup.procs"; exec ping -q -i 0.02 127.0.0.1' sh "$group" >/dev/null &
ticker=$!
wait_for . "$group/cgroup.procs"
sleep 0.5

read_clock
since=$now
echo "$freeze" >"$group/$file"
wait_for '^(FROZEN|frozen 1)' "$group/$state"
echo "$ticker" >"$group.other/cgroup.procs"
read_clock
[ $((now - since)) -lt 45 ] || echo "This machine is too busy: frozen in it for $((now - since)) hundredths of a second."
sleep 0.7
echo "$ticker" >"$group/cgroup.procs"
echo "$thaw" >"$group/$file"
sleep 0.7

kill -KILL "$ticker"
wait "$ticker" || [ $? = 137 ]
timeout 60 sh -c 'until rmdir "$1" 2>/dev/null; do :; done' sh "$group"
timeout 60 sh -c 'until rmdir "$1" 2>/dev/null; do :; done' sh "$group.other"
