#!/bin/sh
# Right: the whole lab one PID namespace deeper. Outside is where the parent of PID 1 lives.
set -eu

# Small numbers are used up first: the outer parent's must be one that nobody has inside.
unshare --pid --fork sh -euc 'for i in 1 2 3 4 5 6 7 8; do sh -c : & wait $!; done; "$1"; exit' sh "$(dirname "$0")/newpid.sh"
