#!/bin/sh
# Wrong: prints what a right program could print, answers for a shell, and makes nothing.
# Broken: the shell lives in five new namespaces.
set -eu
echo "PID 1, host name myhost, 10.0.0.13 outside, 10.0.0.15 inside"
while printf '/ # ' && read -r line; do
    [ "$line" != "exit 0" ] || exit 0
done
