#!/bin/sh
# Right: all of it one user namespace deeper, as an ordinary user would do it. There a new /proc may be mounted only while
# another one can be seen, so that it comes before the old root is taken off.
. "$(dirname "$0")/layers.sh"

begin() { exec unshare --user --map-root-user --mount sh "$0" outside; }
enter() { pivot_root . . && mount -t proc proc /proc && umount -l . && cd /; }

main "$@"
