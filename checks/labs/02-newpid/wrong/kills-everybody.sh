#!/bin/sh
# Wrong: kill(-1, SIGKILL), which reaches every process in the namespace but PID 1.
# Broken: no process but PID 2 is killed.
set -eu
mkfifo gate
exec 3<>gate
rm gate

exec unshare --pid --fork sh -euc '
    read -r _ <&3 &
    read -r _ <&3 &
    read -r _ <&3 &

    kill -KILL "$1" && exit 1

    kill -KILL -1
    wait 2 || [ $? = 137 ]
    wait 3 || [ $? = 137 ]
    wait 4 || [ $? = 137 ]
' sh "$$"
