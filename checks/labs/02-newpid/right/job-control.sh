#!/bin/bash
# Right: a shell with job control is PID 1: its kill %1 sends the signal to a process group, and 2 is alone in that.
set -eu

mkfifo gate
exec 3<>gate
rm gate
export OUTER=$$
unshare --pid --fork bash -euc '
    set -m
    sleep 1000 &
    two=$!
    sh -c "read -r _ <&3" &
    sh -c "read -r _ <&3" &
    if kill -KILL "$OUTER" 2>/dev/null; then exit 1; fi
    kill -KILL %1
    wait "$two" || [ $? = 137 ]
    printf "\n\n" >&3
    wait 3
    wait 4
'
