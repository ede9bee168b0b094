#!/usr/bin/env python3
# Wrong: the capability is given up, and no program is run after that.
# Broken: after execve that capability is still gone.
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import userns as lab  # noqa: E402

lab.after_execve = lambda: None
lab.main()
