#!/bin/sh
# Right: the slave passes on what it receives, in a peer group of its own.
. "$(dirname "$0")/layers.sh"

of_kind() {
    mount "--make-$1" "first/root/$1"
    if [ "$1" = slave ]; then mount --make-shared first/root/slave; fi
}

main "$@"
