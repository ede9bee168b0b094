#!/bin/sh
# Right: the volume that can be written is a single file, the other one a file system of its own.
. "$(dirname "$0")/layers.sh"

volumes_outside() {
    rmdir small/data
    touch data small/data
    mkdir media config
    mount -t tmpfs settings config
}
use_volumes() {
    echo 'for outside' > /data
    if echo no > /config/new; then exit 1; fi
}

main "$@"
