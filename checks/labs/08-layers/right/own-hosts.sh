#!/bin/sh
# Right: as engines do it, the second container has a hosts file of its own bound over that of the layers, and a tmpfs
# over a directory that the first one has removed.
. "$(dirname "$0")/layers.sh"

second() {
    cp second/root/etc/hosts own-hosts
    echo '10.0.0.4 mine' >> own-hosts
    mount --bind own-hosts second/root/etc/hosts
    mount -t tmpfs mine second/root/srv
    cd second/root
    enter
    cat /etc/hosts
}

main "$@"
