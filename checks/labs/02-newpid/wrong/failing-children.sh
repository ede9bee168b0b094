#!/bin/sh
# Wrong: 3 and 4 end with code 1, which the program ignores.
# Broken: 3 and 4 end with code 0.
set -eu
mkfifo gate
exec 3<>gate
rm gate

exec unshare --pid --fork sh -euc '
    read -r _ <&3 &
    (read -r _ <&3 && exit 1) &
    (read -r _ <&3 && exit 1) &

    kill -KILL "$1" && exit 1

    kill -KILL 2
    wait 2 || [ $? = 137 ]

    echo >&3
    echo >&3
    wait 3 || true
    wait 4 || true
' sh "$$"
