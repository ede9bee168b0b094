#!/usr/bin/env python3
# Wrong: beside its range the map has the root of the outside, as user 5000 inside.
# Broken: 0 inside is an ordinary user outside; root inside is refused a file of the outer root's.
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import userns as lab  # noqa: E402


def write_map(pid):
    for name in ('uid_map', 'gid_map'):
        lab.write(f'/proc/{pid}/{name}', '0 20000 1000\n5000 0 1')


lab.write_map = write_map
lab.main()
