#!/bin/sh
# Wrong: asks with signal 0 whether the outer parent is there, and does not try to kill it.
# Broken: kill(outer, SIGKILL) fails with ESRCH.
set -eu
mkfifo gate
exec 3<>gate
rm gate

exec unshare --pid --fork sh -euc '
    read -r _ <&3 &
    read -r _ <&3 &
    read -r _ <&3 &

    kill -0 "$1" && exit 1

    kill -KILL 2
    wait 2 || [ $? = 137 ]

    echo >&3
    echo >&3
    wait 3
    wait 4
' sh "$$"
