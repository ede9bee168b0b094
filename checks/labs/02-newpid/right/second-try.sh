#!/bin/sh
# Right: a first PID namespace is made and left again, with nothing done in it, before the one in which all is done.
set -eu

unshare --pid --fork sh -c 'kill -0 $$; sh -c : ; exit 3' || [ $? = 3 ]
"$(dirname "$0")/newpid.sh"
