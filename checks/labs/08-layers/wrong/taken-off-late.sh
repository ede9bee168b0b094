#!/bin/sh
# Wrong: the old root is taken off when all has been done.
. "$(dirname "$0")/../right/layers.sh"

enter() { mkdir -p old && pivot_root . old && cd / && mount -t proc proc /proc; }
use_volumes() {
    echo 'for outside' > /data/result
    if echo no > /config/new; then exit 1; fi
    umount -l /old
    rmdir /old
}
second() {
    cd second/root
    pivot_root . . && umount -l . && cd / && mount -t proc proc /proc
    cat /etc/hosts
    ls /root /srv
}

main "$@"
