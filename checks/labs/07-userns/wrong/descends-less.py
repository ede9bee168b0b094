#!/usr/bin/env python3
# Wrong: the capability is given up one user namespace deeper, where another map and other powers are.
# Broken: root inside gives a capability up; after execve it is still gone.
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import userns as lab  # noqa: E402


give_up = lab.have_less


def have_less():
    lab.unshare(lab.CLONE_NEWUSER)
    lab.call('prctl', lab.PR_SET_DUMPABLE, 1, 0, 0, 0)
    lab.write('/proc/self/setgroups', 'deny')
    lab.write('/proc/self/uid_map', '0 0 1')
    lab.write('/proc/self/gid_map', '0 0 1')
    give_up()


lab.have_less = have_less
lab.main()
