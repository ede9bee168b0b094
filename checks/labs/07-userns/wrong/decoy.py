#!/usr/bin/env python3
# Wrong: a proper user namespace is shown and left empty; the work is done where root is root outside too.
# Broken: all that root inside does.
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import userns as lab  # noqa: E402

import copy  # noqa: E402

proper = (lab.FIRST, lab.COUNT)
work = lab.inside
lab.inside = lambda folder: lab.become_root()
try:
    lab.main()
except SystemExit:
    pass
lab.FIRST = 0
lab.inside = work
lab.main()
