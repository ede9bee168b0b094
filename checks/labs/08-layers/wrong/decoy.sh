#!/bin/sh
# Wrong: the container was entered as it should be and is idle; what it is to do is done by somebody in a chroot.
. "$(dirname "$0")/../right/layers.sh"

changes() {
    echo ready >&4
    read -r _ <&5
}
during() {
    read -r _ <&4
    unshare --mount --propagation unchanged --pid --fork chroot first/root /bin/sh -ec '
        echo "10.0.0.3 database" >> /etc/hosts
        echo notes > /root/notes
        rm /bin/vi
        rm -r /srv
        mkdir /srv'
    echo made >&5
}

main "$@"
