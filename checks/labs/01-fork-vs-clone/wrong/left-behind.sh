#!/bin/sh
# Wrong: the work is right, and another child of the same program still runs when it ends.
# Broken: nothing is left behind.
sleep 3600 </dev/null >/dev/null 2>&1 &
exec "$(dirname "$0")/../right/fork_vs_clone.py"
