#!/bin/sh
# Wrong: thawed as soon as the freezing is asked for, whether it has come about or not.
# Broken: the group was FROZEN for at least half a second.
set -eu

if [ -d /sys/fs/cgroup/freezer ]; then
    group=/sys/fs/cgroup/freezer/ticks.$$
    file=freezer.state freeze=FROZEN thaw=THAWED
else
    group=/sys/fs/cgroup/ticks.$$
    file=cgroup.freeze freeze=1 thaw=0
fi
wait_for() {
    timeout 60 sh -c 'until grep -Eq "$1" "$2"; do :; done' sh "$@"
}
# The clock in hundredths of a second, read by this shell itself.
read_clock() {
    read -r now _ </proc/uptime
    now=${now%.*}${now#*.}
}

mkdir "$group"
sh -c 'echo $$ >"$1/cgroup.procs"; exec ping -q -i 0.02 127.0.0.1' sh "$group" >/dev/null &
ticker=$!
wait_for . "$group/cgroup.procs"
sleep 0.5

read_clock
since=$now
echo "$freeze" >"$group/$file"
echo "$thaw" >"$group/$file"
read_clock
[ $((now - since)) -lt 45 ] || echo "This machine is too busy: thawed only after $((now - since)) hundredths of a second."
sleep 1.4

kill -KILL "$ticker"
wait "$ticker" || [ $? = 137 ]
timeout 60 sh -c 'until rmdir "$1" 2>/dev/null; do :; done' sh "$group"
