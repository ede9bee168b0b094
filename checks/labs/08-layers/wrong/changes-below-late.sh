#!/bin/sh
# Wrong: a layer is changed while only the second container is left.
. "$(dirname "$0")/../right/layers.sh"

make_second() { :; }
second() {
    cd second/root
    enter
    echo in >&4
    read -r _ <&5
    cat /etc/hosts
}
after() {
    lay second
    start_second &
    read -r _ <&4
    echo more >> small/etc/hosts
    echo go >&5
    wait $!
}

main "$@"
