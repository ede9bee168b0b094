#!/bin/sh
# Wrong: what is to be a slave was private before, and is the slave of nobody.
. "$(dirname "$0")/../right/layers.sh"

of_kind() {
    [ "$1" = shared ] || mount --make-private "first/root/$1"
    [ "$1" != slave ] || mount --make-slave "first/root/$1"
}

main "$@"
