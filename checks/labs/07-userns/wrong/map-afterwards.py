#!/usr/bin/env python3
# Wrong: the child does everything before its map is written.
# Broken: all that root inside does.
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import userns as lab  # noqa: E402



def attempt(part, *args):
    try:
        part(*args)
    except OSError as error:
        print(error)


def inside(folder):
    attempt(lab.make_file, folder)
    attempt(lab.be_refused, folder)
    attempt(lab.be_root, folder)
    lab.in_child(lab.less)
    attempt(lab.offers, folder)


def child(ready, mapped, folder):
    lab.unshare(lab.CLONE_NEWUSER)
    inside(folder)
    os.write(ready, b'x')
    os.read(mapped, 1)
    lab.become_root()


lab.child = child
lab.main()
