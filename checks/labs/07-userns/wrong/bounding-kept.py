#!/usr/bin/env python3
# Wrong: the bounding set still has it, and execve gives it back to user 0.
# Broken: root inside gives a capability up; after execve it is still gone.
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import userns as lab  # noqa: E402



def have_less():
    kept = lab.sets()['Prm'] & ~(1 << lab.CAP_SYS_ADMIN)
    lab.capset(kept, kept, 0)


lab.have_less = have_less
lab.main()
