#!/bin/sh
# Wrong: both volumes can be written to.
. "$(dirname "$0")/../right/layers.sh"

volumes() {
    mount --bind data first/root/data
    mount --bind config first/root/config
}
use_volumes() {
    echo 'for outside' > /data/result
    echo yes > /config/new
}

main "$@"
