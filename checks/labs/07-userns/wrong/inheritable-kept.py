#!/usr/bin/env python3
# Wrong: the capability stays in the inheritable set, and to user 0 execve gives whatever that has.
# Broken: root inside gives a capability up; after execve it is still gone.
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import userns as lab  # noqa: E402


def have_less():
    all_of_them, one = lab.sets()['Prm'], 1 << lab.CAP_SYS_ADMIN
    lab.capset(all_of_them, all_of_them, one)
    lab.call('prctl', lab.PR_CAPBSET_DROP, lab.CAP_SYS_ADMIN, 0, 0, 0)
    lab.capset(all_of_them & ~one, all_of_them & ~one, one)


lab.have_less = have_less
lab.main()
