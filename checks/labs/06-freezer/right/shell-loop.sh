#!/bin/sh
# Right: lab 6 with a shell for a ticker, which has a sleep(1) for each of its ticks, in the same group.
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

# Who is frozen between vfork(2) and execve(2) keeps its parent, in v1, from being frozen: thaw, and try again.
freeze() {
    until echo "$freeze" >"$group/$file" && timeout 1 sh -c 'until grep -Eq "$1" "$2"; do :; done' sh '^(FROZEN|frozen 1)' "$group/$state"; do
        echo "$thaw" >"$group/$file"
        sleep 0.6
    done
}

mkdir "$group"
sh -c 'echo $$ >"$1/cgroup.procs"; while sleep 0.05; do :; done' sh "$group" &
ticker=$!
wait_for . "$group/cgroup.procs"
sleep 0.5

freeze
sleep 0.7
echo "$thaw" >"$group/$file"
sleep 0.7

kill -KILL "$ticker"
wait "$ticker" || [ $? = 137 ]
# The last sleep(1) may outlive its parent by the rest of a tick.
timeout 60 sh -c 'until rmdir "$1" 2>/dev/null; do :; done' sh "$group"
