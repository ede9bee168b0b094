#!/bin/sh
# Right: lab 6 with the tools of libcgroup, which in v1 know the freezer as a controller. In v2 it is a file of every
# group, and the group needs another controller's name.
set -eu

group=ticks.$$
if [ -d /sys/fs/cgroup/freezer ]; then
    controller=freezer setting=freezer.state freeze=FROZEN thaw=THAWED
    directory=/sys/fs/cgroup/freezer/$group state=freezer.state
else
    controller=pids setting=cgroup.freeze freeze=1 thaw=0
    directory=/sys/fs/cgroup/$group state=cgroup.events
fi
wait_for() {
    timeout 60 sh -c 'until grep -Eq "$1" "$2"; do :; done' sh "$@"
}

cgcreate -g "$controller:$group"
cgexec -g "$controller:$group" ping -q -i 0.02 127.0.0.1 >/dev/null &
ticker=$!
wait_for . "$directory/cgroup.procs"
sleep 0.5

cgset -r "$setting=$freeze" "$group"
wait_for '^(FROZEN|frozen 1)' "$directory/$state"
sleep 0.7
cgset -r "$setting=$thaw" "$group"
sleep 0.7

kill -KILL "$ticker"
wait "$ticker" || [ $? = 137 ]
# The group can be removed only when the kernel has taken the dead process out of it.
timeout 60 sh -c 'until cgdelete -g "$1:$2" 2>/dev/null; do :; done' sh "$controller" "$group"
