#!/bin/sh
# Wrong: the number of the process outside is one that an earlier run had.
# Broken: PID 1 asks for the number of a process outside.
set -eu

# mkfifo(1) and rm(1) run outside: inside, each would use up one of the PIDs 2, 3 and 4.
mkfifo gate
# Opened for both, so that neither side waits in open(2) for the other.
exec 3<>gate
rm gate

# exec makes this number that of PID 1's parent.
exec unshare --pid --fork sh -euc '
    outer=1001
    [ "$$" = 1 ] && [ "$PPID" = 0 ]
    # A small number could be one of the children.
    [ "$outer" -gt 4 ]

    read -r _ <&3 &
    first=$!
    read -r _ <&3 &
    second=$!
    read -r _ <&3 &
    third=$!
    [ "$first $second $third" = "2 3 4" ]

    if kill -KILL "$outer"; then
        exit 1
    fi

    kill -KILL "$first"
    status=0
    wait "$first" || status=$?
    [ "$status" = 137 ]

    # One line for each of the two that are left: read takes no more than its own.
    echo >&3
    echo >&3
    wait "$second"
    wait "$third"
' sh "$$"
