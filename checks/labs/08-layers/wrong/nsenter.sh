#!/bin/sh
# Wrong: what the container is to do is done by nsenter(1), which stays in the PID namespace outside.
. "$(dirname "$0")/../right/layers.sh"

changes() {
    echo ready >&4
    read -r _ <&5
}
during() {
    read -r _ <&4
    for inner in $(pgrep -P "$first"); do :; done
    nsenter --target "$inner" --mount /bin/sh -ec '
        echo "10.0.0.3 database" >> /etc/hosts
        echo notes > /root/notes
        rm /bin/vi
        rm -r /srv
        mkdir /srv'
    echo made >&5
}

main "$@"
