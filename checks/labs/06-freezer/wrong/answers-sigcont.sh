#!/bin/sh
# Wrong: the process only answers SIGCONT.
# Broken: the process was at work, and after the thaw it went on.
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
mkfifo ready
sh -c 'trap "" USR1; echo $$ >"$1/cgroup.procs"; exec python3 -c "$2"' sh "$group" '
import signal
signal.signal(signal.SIGCONT, lambda *_: None)
with open("ready", "w") as stream:
    stream.write("\n")
while True:
    signal.pause()
' &
ticker=$!
# By then it has begun, which is work, too.
read -r _ <ready
(while sleep 0.03 && kill -CONT "$ticker" 2>/dev/null; do :; done) &
sleep 0.7

echo "$freeze" >"$group/$file"
wait_for '^(FROZEN|frozen 1)' "$group/$state"
sleep 0.7
echo "$thaw" >"$group/$file"
sleep 0.9

kill -KILL "$ticker"
wait "$ticker" || [ $? = 137 ]
# The group can be removed only when the kernel has taken the dead process out of it.
timeout 60 sh -c 'until rmdir "$1" 2>/dev/null; do :; done' sh "$group"
