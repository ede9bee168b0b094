#!/usr/bin/env python3
# Wrong: the file is given to 0, whose it was.
# Broken: root inside gives a file away.
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import userns as lab  # noqa: E402

lab.os.chown = lambda path, user, group, chown=os.chown: chown(path, *((0, 0) if path.endswith('given') else (user, group)))
lab.main()
