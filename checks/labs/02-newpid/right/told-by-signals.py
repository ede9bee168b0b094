#!/usr/bin/env python3
# Right: a thread of the parent makes the namespace; inside, 3 and 4 wait for a signal that they handle, and end then.
import ctypes
import os
import signal
import sys
import threading

CLONE_NEWPID = 0x20000000
libc = ctypes.CDLL(None, use_errno=True)


def leave(*_):
    os._exit(0)


def wait_for_signal():
    # Blocked since before the fork: it cannot come too early.
    signal.signal(signal.SIGUSR1, leave)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGUSR1])
    while True:
        signal.pause()


def init(outside):
    children = []
    for _ in range(3):
        child = os.fork()
        if child == 0:
            wait_for_signal()
        children.append(child)
    if children != [2, 3, 4]:
        return 1
    try:
        os.kill(outside, signal.SIGKILL)
        return 1
    except ProcessLookupError:
        pass
    os.kill(2, signal.SIGKILL)
    os.waitpid(2, 0)
    for child in (4, 3):
        os.kill(child, signal.SIGUSR1)
        if os.waitpid(child, 0)[1] != 0:
            return 1
    return 0


def make():
    # Only the children of the thread that calls unshare(2) are born in there.
    if libc.unshare(CLONE_NEWPID) == -1:
        os._exit(1)
    pid = os.fork()
    if pid == 0:
        os._exit(init(parent))
    statuses.append(os.waitpid(pid, 0)[1])


parent = os.getpid()
statuses = []
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
maker = threading.Thread(target=make)
maker.start()
maker.join()
sys.exit(statuses != [0])
