#!/usr/bin/env python3
# Wrong: the file is made outside and given to the right user, and root inside only renames it.
# Broken: a file that root inside makes.
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import userns as lab  # noqa: E402


def parent(pid, ready, mapped, folder):
    os.read(ready, 1)
    lab.write(f'{folder}/draft', 'made outside')
    os.chown(f'{folder}/draft', lab.FIRST, lab.FIRST)
    lab.write_map(pid)
    os.write(mapped, b'x')


lab.parent = parent
lab.make_file = lambda folder: os.rename(f'{folder}/draft', f'{folder}/file')
lab.main()
