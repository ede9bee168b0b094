#!/usr/bin/env python3
# Wrong: the file is made by root outside, who gives it to the right user.
# Broken: a file that root inside makes.
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import userns as lab  # noqa: E402

make = lab.make_file


def parent(pid, ready, mapped, folder):
    os.read(ready, 1)
    make(folder)
    os.chown(f'{folder}/file', lab.FIRST, lab.FIRST)
    lab.write_map(pid)
    os.write(mapped, b'x')


lab.parent = parent
lab.be_refused = lambda folder, ask=lab.be_refused: (open(f'{folder}/file', 'a').close(), ask(folder))
lab.make_file = lambda folder: None
lab.main()
