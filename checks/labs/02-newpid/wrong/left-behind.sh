#!/bin/sh
# Wrong: the work is right, and a mount stays where everybody sees it.
# Broken: nothing is left behind.
set -eu
mkdir mounted
mount -t tmpfs left mounted
exec "$(dirname "$0")/../right/newpid.sh"
