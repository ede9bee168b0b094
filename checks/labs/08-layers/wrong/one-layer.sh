#!/bin/sh
# Wrong: one layer lies below, into which the small one was copied.
. "$(dirname "$0")/../right/layers.sh"

lay_over() {
    if [ ! -d base ]; then
        cp -a fs base
        rm small/etc/profile base/etc/profile
        cp -a small/. base/
    fi
    mount -t overlay overlay -o "lowerdir=base,upperdir=$1/upper,workdir=$1/work,userxattr" "$1/root"
}

main "$@"
