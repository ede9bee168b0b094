#!/bin/sh
# Wrong: the files are changed through the overlay, but from outside; the container only exists.
. "$(dirname "$0")/../right/layers.sh"

changes() {
    echo ready >&4
    read -r _ <&5
}
during() {
    read -r _ <&4
    cd first/root
    echo '10.0.0.3 database' >> etc/hosts
    echo notes > root/notes
    rm bin/vi
    rm -r srv
    mkdir srv
    cd ../..
    echo made >&5
}

main "$@"
