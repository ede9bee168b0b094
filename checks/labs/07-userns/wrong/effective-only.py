#!/usr/bin/env python3
# Wrong: the capability leaves the effective set alone, and can be had back at any time.
# Broken: root inside gives a capability up; after execve it is still gone.
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import userns as lab  # noqa: E402



def have_less():
    all_of_them = lab.sets()['Prm']
    lab.capset(all_of_them & ~(1 << lab.CAP_SYS_ADMIN), all_of_them, 0)


lab.have_less = have_less
lab.main()
