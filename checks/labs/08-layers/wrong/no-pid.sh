#!/bin/sh
# Wrong: without a PID namespace the /proc inside shows those outside, and the root of each.
. "$(dirname "$0")/../right/layers.sh"

start_first() { exec unshare --mount --propagation unchanged sh "$0" first; }

main "$@"
