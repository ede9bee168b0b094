#!/usr/bin/env python3
# Wrong: the parent sets the host name of the outside, and root inside none.
# Broken: root inside sets a host name.
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import userns as lab  # noqa: E402

set_name, write_map = lab.sethostname, lab.write_map


def outside(pid):
    set_name('inside')
    write_map(pid)


lab.write_map = outside
lab.sethostname = lambda name: None if name == 'inside' else set_name(name)
lab.main()
