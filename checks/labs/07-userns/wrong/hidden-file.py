#!/usr/bin/env python3
# Wrong: the file is made on a tmpfs of the child's own, where nobody outside sees it.
# Broken: a file that root inside makes.
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import userns as lab  # noqa: E402

lab.make_file = lambda folder: None
lab.main()
