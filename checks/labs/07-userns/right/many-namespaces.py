#!/usr/bin/env python3
# Right: before and after it come 320 user namespaces more, each of a process that makes it and ends.
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import userns as lab  # noqa: E402

inside = lab.inside


def make_others():
    for _ in range(160):
        lab.in_child(lambda: lab.unshare(lab.CLONE_NEWUSER))


def inside_and_others(folder):
    inside(folder)
    make_others()


lab.inside = inside_and_others
make_others()
lab.main()
