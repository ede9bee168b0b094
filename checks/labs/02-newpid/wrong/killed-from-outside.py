#!/usr/bin/env python3
# Wrong: the outer parent kills PID 2, by the number PID 2 has outside.
# Broken: it is PID 1 that kills PID 2.
import ctypes
import os
import signal
import sys


def init(outer):
    gate, release = os.pipe()
    for _ in range(3):
        if os.fork() == 0:
            os.close(release)
            os._exit(len(os.read(gate, 1)))
    try:
        os.kill(outer, signal.SIGKILL)
        return 1
    except ProcessLookupError:
        pass
    os.write(ready[1], b"x")
    os.waitpid(2, 0)
    os.close(release)
    return max(os.waitstatus_to_exitcode(os.waitpid(number, 0)[1]) for number in (3, 4))


outer = os.getpid()
ready = os.pipe()
assert ctypes.CDLL(None).unshare(0x20000000) == 0
child = os.fork()
if child == 0:
    sys.exit(init(outer))
os.read(ready[0], 1)
with open(f"/proc/{child}/task/{child}/children") as children:
    os.kill(int(children.read().split()[0]), signal.SIGKILL)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
