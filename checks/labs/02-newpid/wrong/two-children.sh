#!/bin/sh
# Wrong: only two children, 2 and 3.
# Broken: PID 1 creates three children, 2, 3 and 4.
set -eu
mkfifo gate
exec 3<>gate
rm gate

exec unshare --pid --fork sh -euc '
    read -r _ <&3 &
    read -r _ <&3 &

    kill -KILL "$1" && exit 1

    kill -KILL 2
    wait 2 || [ $? = 137 ]

    echo >&3
    wait 3
' sh "$$"
