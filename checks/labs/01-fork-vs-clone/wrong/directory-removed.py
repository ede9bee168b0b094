#!/usr/bin/env python3
# Wrong: the CLONE_FS child does not change directory; it removes the one both are in, and its path changes its text.
# Broken: the parent is where the child went.
import ctypes
import os
import platform
import signal
import sys

CLONE_VM, CLONE_FS, CLONE_FILES, CLONE_VFORK = 0x100, 0x200, 0x400, 0x4000
SYS_clone = {"x86_64": 56, "aarch64": 220}[platform.machine()]
STACK = 1024 * 1024

# PyDLL keeps the interpreter lock through the call: a copy that took it again would find it as the parent left it.
libc = ctypes.PyDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
Child = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p)


def checked(call, result):
    if result == -1:
        error = ctypes.get_errno()
        raise OSError(error, f"{call}: {os.strerror(error)}")
    return result


def errand(fd, directory):
    try:
        os.close(fd)
        if directory == "/var":
            os.rmdir("/tmp/doomed")
        else:
            os.chdir(directory)
        return 0
    except OSError:
        return 1


def fork(fd, directory):
    return os.fork() or os._exit(errand(fd, directory))


def share_memory(fd, directory):
    # On the parent's stack the child would overwrite the frames the parent returns through. It must come back from
    # the callback and let clone(3) end it: the interpreter's state is the parent's, to be left as it was found.
    stack = ctypes.create_string_buffer(STACK)
    top = (ctypes.addressof(stack) + STACK) & ~15
    run = Child(lambda _: errand(fd, directory))
    flags = CLONE_VM | CLONE_VFORK | signal.SIGCHLD
    return checked("clone", libc.clone(run, ctypes.c_void_p(top), flags, None))


def share(flag):
    def start(fd, directory):
        zero = ctypes.c_long(0)
        arguments = (ctypes.c_long(SYS_clone), ctypes.c_ulong(flag | signal.SIGCHLD), zero, zero, zero, zero)
        return checked("clone", libc.syscall(*arguments)) or os._exit(errand(fd, directory))

    return start


def is_open(fd):
    return os.path.lexists(f"/proc/self/fd/{fd}")


for name, start, directory, fd_stays, parent_stays in (
    ("copy", fork, "/", True, True),
    ("memory", share_memory, "/usr", True, True),
    ("files", share(CLONE_FILES), "/etc", False, True),
    ("directory", share(CLONE_FS), "/var", True, False),
):
    if name == "directory":
        os.mkdir("/tmp/doomed")
        os.chdir("/tmp/doomed")
    before = os.readlink("/proc/self/cwd")
    fd = os.open("/dev/null", os.O_RDONLY)
    _, status = os.waitpid(start(fd, directory), 0)
    if status != 0:
        sys.exit(f"{name}: expected exit code 0, got wait status {status:#x}")
    fd_stayed, parent_stayed = is_open(fd), os.readlink("/proc/self/cwd") == before
    print(f"{name:10} descriptor {'open' if fd_stayed else 'closed'}, directory {'same' if parent_stayed else 'other'}", flush=True)
    if (fd_stayed, parent_stayed) != (fd_stays, parent_stays):
        sys.exit(f"{name}: the parent kept or lost what it should not have")
    if fd_stayed:
        os.close(fd)
