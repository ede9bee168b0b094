#!/bin/sh
# Wrong: what the first container has written is bound into the second one.
. "$(dirname "$0")/../right/layers.sh"

second() {
    mount --bind first/upper/root second/root/root
    cd second/root
    enter
    cat /root/notes
}

main "$@"
