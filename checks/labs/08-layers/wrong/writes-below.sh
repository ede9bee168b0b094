#!/bin/sh
# Wrong: a file of a layer is changed while it is mounted, and put back as it was.
. "$(dirname "$0")/../right/layers.sh"

between() {
    cp -p fs/etc/passwd saved && echo more >> fs/etc/passwd && cat saved > fs/etc/passwd && touch -r saved fs/etc/passwd
}

main "$@"
