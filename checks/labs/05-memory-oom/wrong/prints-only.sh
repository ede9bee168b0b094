#!/bin/sh
# Wrong: prints what a right program could print, and makes no group.
# Broken: a process sat in a memory group of its own.
set -eu
for step in $(seq 19); do
    echo "${step}000000 bytes"
done
echo "limit 20000000, oom_kill 1, killed by signal 9"
