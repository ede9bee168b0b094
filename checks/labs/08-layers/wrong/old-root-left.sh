#!/bin/sh
# Wrong: the old root stays mounted in a directory of the new one.
. "$(dirname "$0")/../right/layers.sh"

enter() { mkdir -p old && pivot_root . old && cd / && mount -t proc proc /proc; }

main "$@"
