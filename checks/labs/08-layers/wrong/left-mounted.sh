#!/bin/sh
# Wrong: an overlay stays mounted where the program was started.
. "$(dirname "$0")/../right/layers.sh"

begin() {
    mkdir left && mount -t overlay overlay -o lowerdir=fs:/usr left
    exec unshare --mount sh "$0" outside
}

main "$@"
