#!/bin/sh
# Wrong: unshare(1) makes every mount private unless it is told otherwise.
. "$(dirname "$0")/../right/layers.sh"

start_first() { exec unshare --mount --pid --fork sh "$0" first; }
of_kind() { mount --make-private "first/root/$1"; }

main "$@"
