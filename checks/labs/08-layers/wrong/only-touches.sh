#!/bin/sh
# Wrong: a file is copied up, and stays the same.
. "$(dirname "$0")/../right/layers.sh"

changes() {
    touch /etc/hosts
    chmod 600 /etc/passwd
    echo 'written inside' > /root/notes
    rm /bin/vi
    rm -r /srv
    mkdir /srv
}

main "$@"
