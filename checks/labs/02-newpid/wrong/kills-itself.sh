#!/bin/sh
# Wrong: PID 2 sends SIGKILL to itself.
# Broken: it is PID 1 that kills PID 2.
set -eu
mkfifo gate
exec 3<>gate
rm gate

exec unshare --pid --fork sh -euc '
    kill -KILL "$1" && exit 1

    (kill -KILL 2) &
    read -r _ <&3 &
    read -r _ <&3 &

    wait 2 || [ $? = 137 ]

    echo >&3
    echo >&3
    wait 3
    wait 4
' sh "$$"
