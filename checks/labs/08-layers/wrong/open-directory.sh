#!/bin/sh
# Wrong: a directory of the old root is still open inside.
. "$(dirname "$0")/../right/layers.sh"

volumes() {
    exec 8< /usr
    mount --bind data first/root/data
    mount --bind config first/root/config
    mount -o remount,bind,ro first/root/config
}

main "$@"
