#!/bin/sh
# Wrong: the parent of the copy moves as well, and is itself a program that a shell has started.
# Broken: a forked child works on a copy.
python3 "$(dirname "$0")/parent-moves-too.py"
