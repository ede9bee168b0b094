#!/bin/sh
# Right: a helper outside the group waits until it is told to end by SIGTERM. It is no victim.
set -eu

sleep 1000 &
helper=$!
"$(dirname "$0")/oom.sh"
kill "$helper"
wait "$helper" || [ $? = 143 ]
