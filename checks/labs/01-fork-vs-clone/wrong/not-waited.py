#!/usr/bin/env python3
# Wrong: the parent does not wait for the first child, which goes about its errand when the parent is gone.
# Broken: the parent waits for all of its children and is alive when each of them ends.
import ctypes
import os
import platform
import signal

CLONE_VM, CLONE_FS, CLONE_FILES, CLONE_VFORK = 0x100, 0x200, 0x400, 0x4000
SYS_clone = {"x86_64": 56, "aarch64": 220}[platform.machine()]
STACK = 1024 * 1024

libc = ctypes.PyDLL(None)
Child = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p)


# At its end there is nothing to read until the parent, the last one to hold the other end, has ended.
gate, held = os.pipe()


def errand(flags, fd, directory):
    if flags == 0:
        os.close(held)
        os.read(gate, 1)
    os.close(fd)
    os.chdir(directory)
    return 0


def start(flags, fd, directory):
    if flags & CLONE_VM:
        stack = ctypes.create_string_buffer(STACK)
        top = ctypes.c_void_p((ctypes.addressof(stack) + STACK) & ~15)
        run = Child(lambda _: errand(flags, fd, directory))
        return libc.clone(run, top, flags | CLONE_VFORK | signal.SIGCHLD, None)
    zero = ctypes.c_long(0)
    arguments = (ctypes.c_long(SYS_clone), ctypes.c_ulong(flags | signal.SIGCHLD), zero, zero, zero, zero)
    return libc.syscall(*arguments) or os._exit(errand(flags, fd, directory))


for flags, directory in ((0, "/"), (CLONE_VM, "/usr"), (CLONE_FILES, "/etc"), (CLONE_FS, "/var")):
    fd = os.open("/dev/null", os.O_RDONLY)
    child = start(flags, fd, directory)
    if flags != 0:
        _, status = os.waitpid(child, 0)
        assert status == 0
