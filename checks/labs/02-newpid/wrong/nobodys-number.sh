#!/bin/sh
# Wrong: gets its ESRCH for a number that no process has anywhere, being above the highest there can be.
# Broken: the number is the one an ancestor has outside.
set -eu
mkfifo gate
exec 3<>gate
rm gate

exec unshare --pid --fork sh -euc '
    read -r _ <&3 &
    read -r _ <&3 &
    read -r _ <&3 &

    kill -KILL 4194305 && exit 1

    kill -KILL 2
    wait 2 || [ $? = 137 ]

    echo >&3
    echo >&3
    wait 3
    wait 4
'
