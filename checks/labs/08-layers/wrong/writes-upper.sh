#!/bin/sh
# Wrong: the container does nothing; its upper directory is filled from outside, behind the back of the overlay.
. "$(dirname "$0")/../right/layers.sh"

changes() { echo idle > /data/idle; }
between() {
    cp small/etc/hosts first/upper/ && mkdir first/upper/etc && mv first/upper/hosts first/upper/etc/hosts
    echo '10.0.0.3 database' >> first/upper/etc/hosts
    mkdir -p first/upper/root first/upper/bin first/upper/srv
    echo notes > first/upper/root/notes
    mknod first/upper/bin/vi c 0 0
}

main "$@"
