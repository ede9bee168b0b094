#!/bin/sh
# Wrong: a file of a layer is changed through a mapping into memory, which leaves no time behind.
. "$(dirname "$0")/../right/layers.sh"

between() {
    python3 -c "
import mmap
with open('fs/etc/passwd', 'r+b') as file, mmap.mmap(file.fileno(), 0) as memory: memory[0:1] = b'R'
"
}

main "$@"
