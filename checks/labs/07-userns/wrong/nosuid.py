#!/usr/bin/env python3
# Wrong: it is a mount without set-user-ID bits that keeps the program from giving.
# Broken: with no_new_privs nothing.
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import userns as lab  # noqa: E402

MS_NOSUID, MS_REMOUNT, MS_BIND = 2, 32, 4096
run = lab.run


def run_on_nosuid(program, is_bound):
    if is_bound:
        lab.unshare(lab.CLONE_NEWNS)
        folder = os.path.dirname(program).encode()
        lab.call('mount', None, folder, None, MS_REMOUNT | MS_BIND | MS_NOSUID, None)
    run(program, False)


lab.run = run_on_nosuid
lab.main()
