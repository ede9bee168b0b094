#!/usr/bin/env python3
# Wrong: while the forked child changes directory, the parent changes its own to another one.
# Broken: the parent of a forked child keeps its directory.
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
        os.chdir(directory)
        return 0
    except OSError:
        return 1


def fork(fd, directory):
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.read(r, 1)
        os._exit(errand(fd, directory))
    os.chdir("/usr/lib")
    os.write(w, b"x")
    os.waitpid(pid, 0)
    os.close(r)
    os.close(w)
    # A second child, so that the caller has one to wait for.
    return os.fork() or os._exit(0)


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
    ("copy", fork, "/", True, False),
    ("memory", share_memory, "/usr", True, True),
    ("files", share(CLONE_FILES), "/etc", False, True),
    ("directory", share(CLONE_FS), "/var", True, False),
):
    before = os.getcwd()
    fd = os.open("/dev/null", os.O_RDONLY)
    _, status = os.waitpid(start(fd, directory), 0)
    if status != 0:
        sys.exit(f"{name}: expected exit code 0, got wait status {status:#x}")
    fd_stayed, parent_stayed = is_open(fd), os.getcwd() == before
    print(f"{name:10} descriptor {'open' if fd_stayed else 'closed'}, directory {os.getcwd()}", flush=True)
    if (fd_stayed, parent_stayed) != (fd_stays, parent_stays):
        sys.exit(f"{name}: the parent kept or lost what it should not have")
    if fd_stayed:
        os.close(fd)
