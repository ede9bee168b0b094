#!/bin/sh
# Wrong: 3 and 4 end at once, and PID 2 is killed when they are gone.
# Broken: 3 and 4 live on after PID 2 was killed.
set -eu
mkfifo gate
exec 3<>gate
rm gate

exec unshare --pid --fork sh -euc '
    read -r _ <&3 &
    true &
    true &

    kill -KILL "$1" && exit 1

    wait 3
    wait 4
    kill -KILL 2
    wait 2 || [ $? = 137 ]
' sh "$$"
