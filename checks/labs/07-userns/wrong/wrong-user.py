#!/usr/bin/env python3
# Wrong: root inside is the user daemon outside, who owns files of the system.
# Broken: 0 inside is an ordinary user outside.
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import userns as lab  # noqa: E402

lab.FIRST = 1
lab.main()
