#!/bin/sh
# Wrong: there is one volume, which is written to and then made read-only from inside.
. "$(dirname "$0")/../right/layers.sh"

use_volumes() {
    echo 'for outside' > /data/result
    mount -o remount,bind,ro /data
    if echo no > /data/new; then exit 1; fi
}

main "$@"
