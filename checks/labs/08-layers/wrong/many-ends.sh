#!/bin/sh
# Wrong: 410 harmless processes end in the container first. Then one ends there that has a directory of the old root open.
. "$(dirname "$0")/../right/layers.sh"

escape() {
    mount -t proc proc /jail/proc
    exec 9< /
    chroot /jail /bin/busybox sh -c 'cd /proc/self/fd/9 && ./bin/busybox chroot . /bin/sh -c "echo /*"'
    exec 9<&-
    i=0
    while [ $i -lt 410 ]; do
        (exit 0)
        i=$((i + 1))
    done
}
between() {
    for inner in $(pgrep -P "$first"); do :; done
    nsenter --target "$inner" --mount --pid /bin/sh -c 'echo /*' 8< /usr
}

main "$@"
