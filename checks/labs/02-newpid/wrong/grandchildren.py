#!/usr/bin/env python3
# Wrong: 3 and 4 are children of 2, and come to PID 1 only as orphans.
# Broken: all three are PID 1's own children.
import ctypes
import os
import signal
import sys


def init(outer):
    gate, release = os.pipe()
    ready = os.pipe()
    if os.fork() == 0:
        for _ in range(2):
            if os.fork() == 0:
                os.close(release)
                os._exit(len(os.read(gate, 1)))
        os.write(ready[1], b"x")
        signal.pause()
    os.read(ready[0], 1)

    try:
        os.kill(outer, signal.SIGKILL)
        return 1
    except ProcessLookupError:
        pass
    os.kill(2, signal.SIGKILL)
    os.waitpid(2, 0)
    os.close(release)
    return max(os.waitstatus_to_exitcode(os.waitpid(number, 0)[1]) for number in (3, 4))


outer = os.getpid()
assert ctypes.CDLL(None).unshare(0x20000000) == 0
child = os.fork()
if child == 0:
    sys.exit(init(outer))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
