#!/bin/sh
# Wrong: the second container has ended before the first one changes anything.
. "$(dirname "$0")/../right/layers.sh"

before() {
    lay second
    start_second
}
make_second() { :; }

main "$@"
