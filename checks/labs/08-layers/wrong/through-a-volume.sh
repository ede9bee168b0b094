#!/bin/sh
# Wrong: the upper directory is bound into the container, which writes the whiteout there itself.
. "$(dirname "$0")/../right/layers.sh"

volumes_outside() {
    mkdir media data config small/up
    rm small/srv/index.html
    echo hello > small/index.html
}
volumes() {
    mount --bind first/upper first/root/up
    mount --bind data first/root/data
    mount --bind config first/root/config
    mount -o remount,bind,ro first/root/config
}
changes() {
    echo '10.0.0.3 database' >> /etc/hosts
    echo 'written inside' > /root/notes
    mkdir /up/bin
    mknod /up/bin/vi c 0 0
    rm /index.html
    rm -r /srv
    mkdir /srv
}

main "$@"
