#!/usr/bin/env python3
# Wrong: the limit that is reached is one that root inside has set itself.
# Broken: root inside is refused a level too deep.
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import userns as lab  # noqa: E402

nest = lab.nest


def limited():
    lab.write('/proc/sys/user/max_user_namespaces', '3')
    nest()


lab.nest = limited
lab.main()
