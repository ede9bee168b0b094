#!/bin/sh
# Wrong: it is 3 that is killed.
# Broken: PID 1 kills PID 2, and 3 outlives it.
set -eu
mkfifo gate
exec 3<>gate
rm gate

exec unshare --pid --fork sh -euc '
    read -r _ <&3 &
    read -r _ <&3 &
    read -r _ <&3 &

    kill -KILL "$1" && exit 1

    kill -KILL 3
    wait 3 || [ $? = 137 ]

    echo >&3
    echo >&3
    wait 2
    wait 4
' sh "$$"
