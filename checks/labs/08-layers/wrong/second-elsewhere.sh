#!/bin/sh
# Wrong: the second container has copies of the layers.
. "$(dirname "$0")/../right/layers.sh"

lay_over() {
    if [ "$1" = second ]; then
        cp -a small small2 && cp -a fs fs2
        mount -t overlay overlay -o lowerdir=small2:fs2,upperdir=second/upper,workdir=second/work,userxattr second/root
    else
        mount -t overlay overlay -o "lowerdir=small:fs,upperdir=$1/upper,workdir=$1/work,userxattr" "$1/root"
    fi
}

main "$@"
