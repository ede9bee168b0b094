#!/usr/bin/env python3
# Wrong: the child that shares memory is a posix_spawn(3), which gives the shared memory up by exec.
# Broken: each child closes, changes directory and ends without exec.
import ctypes
import os
import platform
import signal

CLONE_VM, CLONE_FS, CLONE_FILES = 0x100, 0x200, 0x400
SYS_clone = {"x86_64": 56, "aarch64": 220}[platform.machine()]

libc = ctypes.PyDLL(None)


def errand(flags, fd, directory):
    os.close(fd)
    os.chdir(directory)
    return 0


def start(flags, fd, directory):
    if flags & CLONE_VM:
        close = [(os.POSIX_SPAWN_CLOSE, fd)]
        return os.posix_spawn("/bin/sh", ["sh", "-c", f"cd {directory}"], os.environ, file_actions=close)
    zero = ctypes.c_long(0)
    arguments = (ctypes.c_long(SYS_clone), ctypes.c_ulong(flags | signal.SIGCHLD), zero, zero, zero, zero)
    return libc.syscall(*arguments) or os._exit(errand(flags, fd, directory))


for flags, directory in ((0, "/"), (CLONE_VM, "/usr"), (CLONE_FILES, "/etc"), (CLONE_FS, "/var")):
    fd = os.open("/dev/null", os.O_RDONLY)
    _, status = os.waitpid(start(flags, fd, directory), 0)
    assert status == 0
