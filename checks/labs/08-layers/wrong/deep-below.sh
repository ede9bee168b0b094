#!/bin/sh
# Wrong: a layer is written to, where the path is so long that no call takes it whole.
. "$(dirname "$0")/../right/layers.sh"

descend() { python3 -c "
import os, sys
os.chdir('small')
for _ in range(30):
    if sys.argv[1] == 'make': os.mkdir('d' * 200)
    os.chdir('d' * 200)
if sys.argv[1] == 'write': open('written', 'w').close()
" "$1"; }

volumes_outside() {
    mkdir media data config
    descend make
}
between() { descend write; }

main "$@"
