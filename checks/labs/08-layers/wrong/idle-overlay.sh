#!/bin/sh
# Wrong: the overlay is mounted beside it; the container is a copy of the tree.
. "$(dirname "$0")/../right/layers.sh"

lay_over() {
    mkdir "$1/merged"
    mount -t overlay overlay -o "lowerdir=small:fs,upperdir=$1/upper,workdir=$1/work,userxattr" "$1/merged"
    mount -t tmpfs copy "$1/root"
    # Root of a user namespace may make no devices there.
    cp -a "$1/merged/." "$1/root" 2> /dev/null || true
}

main "$@"
