#!/bin/sh
# Wrong: the small layer has an empty file in the place of a whiteout.
. "$(dirname "$0")/../right/layers.sh"

small_layer() {
    mkdir -p small/etc small/srv small/data small/config small/shared small/slave small/private small/jail/bin small/jail/proc
    printf '127.0.0.1 localhost\n10.0.0.2 cache\n' > small/etc/hosts
    echo hello > small/srv/index.html
    touch small/etc/profile small/etc/.wh.profile
    cp fs/bin/busybox small/jail/bin/
}

main "$@"
