#!/bin/sh
# Wrong: PID 1 ends with exit code 3, and its parent does not mind.
# Broken: PID 1 ends with exit code 0.
set -eu

mkfifo gate
exec 3<>gate
rm gate
export OUTER=$$
unshare --pid --fork sh -euc '
    sleep 1000 &
    sh -c "read -r _ <&3" &
    sh -c "read -r _ <&3" &
    if kill -KILL "$OUTER" 2>/dev/null; then exit 1; fi
    kill -KILL 2
    wait 2 || :
    printf "\n\n" >&3
    wait 3
    wait 4
    exit 3' || [ $? = 3 ]
