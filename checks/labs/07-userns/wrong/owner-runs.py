#!/usr/bin/env python3
# Wrong: with no_new_privs the program is run by its owner, to whom it has nothing to give.
# Broken: with no_new_privs nothing.
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import userns as lab  # noqa: E402


def run(program, is_bound):
    if is_bound:
        lab.be_bound()
    else:
        lab.become_user()
    os.execv(program, ['grep', '^Uid', '/proc/self/status'])


lab.run = run
lab.main()
