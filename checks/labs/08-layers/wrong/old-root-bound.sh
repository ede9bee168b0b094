#!/bin/sh
# Wrong: a volume is the old root itself.
. "$(dirname "$0")/../right/layers.sh"

volumes_outside() { mkdir media data config small/host; }
volumes() {
    mount --bind / first/root/host 2> /dev/null || mount --rbind / first/root/host
    mount --bind data first/root/data
    mount --bind config first/root/config
    mount -o remount,bind,ro first/root/config
}

main "$@"
