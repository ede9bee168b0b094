#!/usr/bin/env python3
# Wrong: the last two children are plain forks, and the parent repeats after them what they would have shared.
# Broken: CLONE_FILES and CLONE_FS, not the parent's own calls, close its descriptor and move it.
import ctypes
import os
import platform
import signal

CLONE_VM, CLONE_VFORK = 0x100, 0x4000
SYS_clone = {"x86_64": 56, "aarch64": 220}[platform.machine()]
STACK = 1024 * 1024

libc = ctypes.PyDLL(None)
Child = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p)


def errand(flags, fd, directory):
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


for flags, directory in ((0, "/"), (CLONE_VM, "/usr"), (0, "/etc"), (0, "/var")):
    fd = os.open("/dev/null", os.O_RDONLY)
    _, status = os.waitpid(start(flags, fd, directory), 0)
    assert status == 0
    if directory == "/etc":
        os.close(fd)
    if directory == "/var":
        os.chdir(directory)
