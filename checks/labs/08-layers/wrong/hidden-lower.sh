#!/bin/sh
# Wrong: the directory of a layer is covered by a copy that stays as it was, and the layer itself is changed by another path.
. "$(dirname "$0")/../right/layers.sh"

between() {
    mkdir other && mount --bind small other && cp -a small copy && mount --bind copy small
    echo changed > other/srv/index.html
    umount small
}

main "$@"
