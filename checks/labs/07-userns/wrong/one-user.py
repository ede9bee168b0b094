#!/usr/bin/env python3
# Wrong: the map has one user alone, although there are many.
# Broken: 0 inside is an ordinary user outside, by maps that have a range; a file is given away; a set-user-ID program.
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import userns as lab  # noqa: E402

lab.COUNT = 1


def attempt(part):
    def alone(*args):
        try:
            part(*args)
        except OSError as error:
            print(error)

    return alone


lab.be_root = attempt(lab.be_root)
lab.become_user = lambda: lab.capset(0, 0, 0)
lab.main()
