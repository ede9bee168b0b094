#!/usr/bin/env python3
# Wrong: the program that gives nothing has no set-user-ID bit.
# Broken: with no_new_privs nothing.
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import userns as lab  # noqa: E402

run = lab.run


def plain_where_bound(program, is_bound):
    if is_bound:
        lab.shutil.copy(program, f'{program}.plain')
        os.chmod(f'{program}.plain', 0o755)
    run(f'{program}.plain' if is_bound else program, is_bound)


lab.run = plain_where_bound
lab.main()
