#!/usr/bin/env python3
# Wrong: the CLONE_FILES child closes a descriptor it has just opened, and leaves the inherited one alone.
# Broken: the child closes a descriptor that it inherited.
import ctypes
import os
import platform
import signal

CLONE_VM, CLONE_FS, CLONE_FILES, CLONE_VFORK = 0x100, 0x200, 0x400, 0x4000
SYS_clone = {"x86_64": 56, "aarch64": 220}[platform.machine()]
STACK = 1024 * 1024

libc = ctypes.PyDLL(None)
Child = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p)


def errand(flags, fd, directory):
    os.close(os.open("/dev/null", os.O_RDONLY) if flags & CLONE_FILES else fd)
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
    _, status = os.waitpid(start(flags, fd, directory), 0)
    assert status == 0
