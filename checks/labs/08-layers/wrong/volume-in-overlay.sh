#!/bin/sh
# Wrong: the volume is a directory of the overlay itself, bound onto another one.
. "$(dirname "$0")/../right/layers.sh"

volumes() {
    mount --bind first/root/tmp first/root/data
    mount --bind config first/root/config
    mount -o remount,bind,ro first/root/config
}

main "$@"
