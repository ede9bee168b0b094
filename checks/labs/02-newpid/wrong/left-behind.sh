#!/bin/sh
# Wrong: the work is right, and a mount stays in the mount namespace that all processes share.
# Broken: nothing is left behind.
set -eu
mkdir mounted
mount -t tmpfs left mounted
exec "$(dirname "$0")/../right/newpid.sh"
