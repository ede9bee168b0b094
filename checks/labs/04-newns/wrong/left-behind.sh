#!/bin/sh
# Wrong: the work is right, and a control group and a process in it stay.
# Broken: nothing is left behind.
set -eu
group=/sys/fs/cgroup/pids
[ -d "$group" ] || group=/sys/fs/cgroup
mkdir "$group/left"
sh -c 'echo $$ >"$1/cgroup.procs"; exec sleep 3600' sh "$group/left" </dev/null >/dev/null 2>&1 &
exec "$(dirname "$0")/../right/newns.sh"
