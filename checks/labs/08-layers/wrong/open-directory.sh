#!/bin/sh
# Wrong: a directory of the old root is still open inside.
. "$(dirname "$0")/../right/layers.sh"

changes() {
    exec 8< /usr
    echo '10.0.0.3 database' >> /etc/hosts
    echo 'written inside' > /root/notes
    rm /bin/vi
    rm -r /srv
    mkdir /srv
}

main "$@"
