#!/bin/sh
# Right: the second container waits until it is killed, and looks at nothing.
. "$(dirname "$0")/layers.sh"

start_second() {
    unshare --mount --propagation unchanged --pid --fork --kill-child sh "$0" second &
    read -r _ <&4
    kill -KILL $!
}
second() {
    cd second/root
    enter
    echo in >&4
    exec sleep 1000
}

main "$@"
