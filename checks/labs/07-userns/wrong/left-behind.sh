#!/bin/sh
# Wrong: all is done as it should be, and a process stays in the user namespace.
# Broken: nothing is left behind.
"$(dirname "$0")/../right/userns.py" || exit 1
unshare --user sleep 600 &
