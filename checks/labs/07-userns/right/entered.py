#!/usr/bin/env python3
# Right: one child makes the user namespace and waits in it, and another one enters it by setns(2), as nsenter(1) does.
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import userns as lab  # noqa: E402


def child(ready, mapped, folder):
    made, end = os.pipe(), os.pipe()
    own = os.fork()
    if own == 0:
        os.close(end[1])
        lab.unshare(lab.CLONE_NEWUSER)
        os.write(made[1], b'x')
        os.read(end[0], 1)
        os._exit(0)
    os.close(end[0])
    os.read(made[0], 1)
    lab.write_map(own)
    lab.call('setns', os.open(f'/proc/{own}/ns/user', os.O_RDONLY), lab.CLONE_NEWUSER)
    os.write(ready, b'x')
    os.read(mapped, 1)
    lab.inside(folder)
    os.close(end[1])
    os.waitpid(own, 0)


def parent(pid, ready, mapped, folder):
    os.read(ready, 1)
    os.write(mapped, b'x')


lab.child = child
lab.parent = parent
lab.main()
