#!/bin/sh
# Wrong: the proc of those outside is bound somewhere inside.
. "$(dirname "$0")/../right/layers.sh"

volumes_outside() { mkdir media data config small/host; }
volumes() {
    mount --rbind /proc first/root/host
    mount --bind data first/root/data
    mount --bind config first/root/config
    mount -o remount,bind,ro first/root/config
}

main "$@"
