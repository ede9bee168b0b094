#!/usr/bin/env python3
# Right: the outside is the network of a thread, which has left that of its process and clones the child, as a Go program
# with a locked thread does.
import ctypes
import os
import platform
import signal
import subprocess
import sys
import threading

CLONE_NEWNET = 0x40000000
SYS_clone = {"x86_64": 56, "aarch64": 220}[platform.machine()]
# PyDLL keeps the interpreter lock through the call: a copy that took it again would find it as the parent left it.
libc = ctypes.PyDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def ip(arguments):
    subprocess.run(["ip", *arguments.split()], check=True)


def inside(gate):
    os.read(gate, 1)
    ip("addr add 10.0.0.4/24 dev inside")
    ip("link set inside up")
    subprocess.run("ping -q -c 3 -i 0.05 10.0.0.3".split(), check=True)


def clone_child(gate):
    zero = ctypes.c_long(0)
    pid = libc.syscall(ctypes.c_long(SYS_clone), ctypes.c_ulong(CLONE_NEWNET | signal.SIGCHLD), zero, zero, zero, zero)
    if pid == 0:
        try:
            inside(gate)
        finally:
            os._exit(0)
    return pid


def outside():
    if libc.unshare(CLONE_NEWNET) == -1:
        raise OSError(ctypes.get_errno(), "unshare(CLONE_NEWNET)")
    gate, opener = os.pipe()
    child = clone_child(gate)
    ip(f"link add outside type veth peer name inside netns {child}")
    ip("addr add 10.0.0.3/24 dev outside")
    ip("link set outside up")
    os.write(opener, b"x")
    statuses.append(os.waitpid(child, 0)[1])


statuses = []
thread = threading.Thread(target=outside)
thread.start()
thread.join()
sys.exit(statuses != [0])
