#!/bin/sh
# Hostile: does lab 2 rightly, while every program of this folder that reaches for the machine runs beside it.
# The lab's claims all hold, and nothing else does.
set -eu

here=$(dirname "$0")
for program in "$here"/reach-*.py; do
    name=$(basename "$program" .py)
    mkdir "$name"
    (cd "$name" && exec "$program") &
done
"$here/../../labs/02-newpid/right/newpid.sh"
wait
