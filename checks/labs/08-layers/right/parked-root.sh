#!/bin/sh
# Right: the old root is parked in a directory of the new one and taken off from there; the base is a copy of ./fs.
. "$(dirname "$0")/layers.sh"

lay_over() {
    [ -d base ] || cp -a fs base
    mount -t overlay overlay -o "lowerdir=small:base,upperdir=$1/upper,workdir=$1/work,userxattr" "$1/root"
}
enter() {
    mkdir -p old && pivot_root . old && cd / && umount -l /old && rmdir /old && mount -t proc proc /proc
}

main "$@"
