#!/bin/sh
# Wrong: the three volumes are all in one peer group.
. "$(dirname "$0")/../right/layers.sh"

of_kind() { :; }

main "$@"
