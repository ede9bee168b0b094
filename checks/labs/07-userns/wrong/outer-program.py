#!/usr/bin/env python3
# Wrong: the set-user-ID program is one of the outside, whose owner is nobody inside.
# Broken: a set-user-ID program gives what it can.
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import userns as lab  # noqa: E402

lab.make_program = lambda folder: lab.shutil.which('su')


def run(program, is_bound):
    lab.become_user()
    if is_bound:
        lab.be_bound()
    os.execv(program, ['su', '--version'])


lab.run = run
lab.main()
