#!/bin/sh
# Wrong: what is in the directory is removed, and the directory stays.
. "$(dirname "$0")/../right/layers.sh"

changes() {
    echo '10.0.0.3 database' >> /etc/hosts
    echo 'written inside' > /root/notes
    rm /bin/vi
    rm /srv/index.html
}

main "$@"
