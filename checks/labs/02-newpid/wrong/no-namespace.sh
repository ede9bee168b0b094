#!/bin/sh
# Wrong: no new PID namespace: numbers as they come, and ESRCH only for a number that nobody has.
# Broken: a child is PID 1 in a new PID namespace.
set -eu
mkfifo gate
exec 3<>gate
rm gate

sh -euc '
    read -r _ <&3 &
    first=$!
    read -r _ <&3 &
    second=$!
    read -r _ <&3 &
    third=$!

    kill -KILL 4194305 && exit 1

    kill -KILL "$first"
    wait "$first" || [ $? = 137 ]

    echo >&3
    echo >&3
    wait "$second"
    wait "$third"
'
