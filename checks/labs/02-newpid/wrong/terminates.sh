#!/bin/sh
# Wrong: SIGTERM instead of SIGKILL.
# Broken: PID 1 kills PID 2 with SIGKILL.
set -eu
mkfifo gate
exec 3<>gate
rm gate

exec unshare --pid --fork sh -euc '
    read -r _ <&3 &
    read -r _ <&3 &
    read -r _ <&3 &

    kill -KILL "$1" && exit 1

    kill -TERM 2
    wait 2 || [ $? = 143 ]

    echo >&3
    echo >&3
    wait 3
    wait 4
' sh "$$"
