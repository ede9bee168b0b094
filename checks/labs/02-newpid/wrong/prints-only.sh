#!/bin/sh
# Wrong: prints what a right program could print, and creates no process.
# Broken: a child is PID 1 in a new PID namespace.
set -eu
echo "PID 1, parent 0, children 2 3 4"
echo "kill($$): ESRCH"
echo "2 killed by signal 9, 3 and 4 ended with code 0"
