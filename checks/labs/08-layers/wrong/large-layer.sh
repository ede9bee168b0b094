#!/bin/sh
# Wrong: a file of a layer, which is too large to be read, is changed through a mapping, which on older kernels leaves no time behind.
. "$(dirname "$0")/../right/layers.sh"

volumes_outside() {
    mkdir media data config
    echo written > small/disk
    truncate -s 80M small/disk
}
between() {
    python3 -c "
import mmap
with open('small/disk', 'r+b') as file, mmap.mmap(file.fileno(), 0) as memory: memory[0:1] = b'R'
"
}

main "$@"
