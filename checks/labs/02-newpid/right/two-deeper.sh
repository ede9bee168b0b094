#!/bin/sh
# Right: the whole lab two PID namespaces deeper, where small numbers mean somebody in each of them.
set -eu

use_up='for i in 1 2 3 4 5 6 7 8; do sh -c : & wait $!; done'
unshare --pid --fork sh -euc "$use_up"'; unshare --pid --fork sh -euc "$1; \"\$1\"; exit" sh "$2"; exit' sh "$use_up" "$(dirname "$0")/newpid.sh"
