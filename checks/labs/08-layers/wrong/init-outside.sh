#!/bin/sh
# Wrong: PID 1 of the container stays outside, and /proc/1/root inside is the old root.
. "$(dirname "$0")/../right/layers.sh"

start_first() {
    exec unshare --pid --fork sh -ec 'unshare --mount --propagation unchanged sh "$0" first' "$0"
}

main "$@"
