#!/bin/sh
# Hostile: does lab 3 rightly, and leaves a daemon. Only that refuses it.
set -eu

here=$(dirname "$0")
"$here/../../labs/03-newnet/right/newnet.sh"
exec "$here/daemon.py"
