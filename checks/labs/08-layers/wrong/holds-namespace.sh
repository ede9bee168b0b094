#!/bin/sh
# Wrong: a descriptor of the mount namespace outside is open inside, and setns(2) takes it.
. "$(dirname "$0")/../right/layers.sh"

before() { exec 8< /proc/$$/ns/mnt; }

main "$@"
