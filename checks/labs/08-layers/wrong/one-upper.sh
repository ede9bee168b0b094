#!/bin/sh
# Wrong: both containers write into one upper directory.
. "$(dirname "$0")/../right/layers.sh"

lay_over() {
    mount -t overlay overlay -o "lowerdir=small:fs,upperdir=first/upper,workdir=first/work,userxattr" "$1/root"
}

main "$@"
