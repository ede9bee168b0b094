#!/bin/sh
# Wrong: the container changes and adds; the whiteout is made from outside by mknod(1).
. "$(dirname "$0")/../right/layers.sh"

volumes_outside() {
    mkdir media data config small/srv/empty
    rm small/srv/index.html
    echo hello > small/index.html
}
changes() {
    echo '10.0.0.3 database' >> /etc/hosts
    echo 'written inside' > /root/notes
    rm -r /srv && mkdir /srv
    echo ready >&4
    read -r _ <&5
}
during() {
    read -r _ <&4
    mkdir first/upper/bin
    mknod first/upper/bin/vi c 0 0
    echo made >&5
}

main "$@"
