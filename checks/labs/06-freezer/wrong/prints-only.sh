#!/bin/sh
# Wrong: prints what a right program could print, and makes no group.
# Broken: a process sat in a freezer group of its own, at work.
set -eu
for tick in $(seq 10); do
    echo "tick $tick"
done
echo FROZEN
sleep 0.7
echo THAWED
echo "tick 11"
