#!/bin/sh
# Wrong: never tries to reach a process outside.
# Broken: kill(outer, SIGKILL) fails with ESRCH.
set -eu
mkfifo gate
exec 3<>gate
rm gate

exec unshare --pid --fork sh -euc '
    read -r _ <&3 &
    read -r _ <&3 &
    read -r _ <&3 &

    kill -KILL 2
    wait 2 || [ $? = 137 ]

    echo >&3
    echo >&3
    wait 3
    wait 4
'
