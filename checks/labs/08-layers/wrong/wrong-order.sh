#!/bin/sh
# Wrong: the layers lie the other way round.
. "$(dirname "$0")/../right/layers.sh"

lay_over() {
    mount -t overlay overlay -o "lowerdir=fs:small,upperdir=$1/upper,workdir=$1/work,userxattr" "$1/root"
}

main "$@"
