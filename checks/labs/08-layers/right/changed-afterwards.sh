#!/bin/sh
# Right: the layers are changed when both containers have ended, and only then the overlays are taken off.
. "$(dirname "$0")/layers.sh"

after() {
    echo changed >> fs/etc/group
    rm small/srv/index.html
    umount first/root second/root
}

main "$@"
