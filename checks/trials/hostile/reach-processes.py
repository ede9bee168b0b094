#!/usr/bin/env python3
# Hostile: tries to get at processes that are not its own: the sandbox's init above all, which is a copy of the
# checker, and any process that a number reaches. Exits with the number of ways that were open, and has changed none.
import ctypes
import glob
import os
import sys

PTRACE_SEIZE, SYS_pidfd_open, SYS_pidfd_getfd = 0x4206, 434, 438
libc = ctypes.CDLL(None, use_errno=True)
reached = []


def checked(result):
    if result == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def attempt(name, way):
    try:
        if way() is not False:
            reached.append(name)
            print(f"reached: {name}", flush=True)
    except OSError as error:
        print(f"refused: {name}: {error.strerror}", flush=True)


def can_open(path, flags):
    os.close(os.open(path, flags))


def seized(pid):
    # PTRACE_SEIZE does not stop the process, and the tracer's end releases it.
    child = os.fork()
    if child == 0:
        os._exit(libc.ptrace(PTRACE_SEIZE, pid, None, None) == 0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1


def its_memory(pid):
    """Eight bytes of it."""
    local = (ctypes.c_size_t * 2)(ctypes.addressof(ctypes.create_string_buffer(8)), 8)
    start = int(open(f"/proc/{pid}/maps").readline().split("-")[0], 16)
    remote = (ctypes.c_size_t * 2)(start, 8)
    return checked(libc.process_vm_readv(pid, local, 1, remote, 1, 0)) > 0


def its_descriptor(pid, fd):
    pidfd = checked(libc.syscall(SYS_pidfd_open, pid, 0))
    os.close(checked(libc.syscall(SYS_pidfd_getfd, pidfd, fd, 0)))


def link(path):
    try:
        return os.readlink(path)
    except PermissionError:
        return "hidden"


def descriptors(pid):
    mine = {os.path.realpath(f"/proc/self/fd/{fd}") for fd in (0, 1, 2)} | {"/dev/null"}
    links = {path: link(path) for path in glob.glob(f"/proc/{pid}/fd/*")}
    return [(path, target) for path, target in links.items() if target not in mine]


INIT = 1
attempt(f"the program file of {INIT}", lambda: can_open(f"/proc/{INIT}/exe", os.O_WRONLY))
attempt(f"the memory file of {INIT}", lambda: can_open(f"/proc/{INIT}/mem", os.O_RDWR))
attempt(f"the memory of {INIT}", lambda: its_memory(INIT))
attempt(f"tracing {INIT}", lambda: seized(INIT))
for name in ("uts", "net", "mnt", "pid", "ipc", "cgroup"):
    mine, its = f"/proc/self/ns/{name}", f"/proc/{INIT}/ns/{name}"
    attempt(f"another {name} namespace by {INIT}", lambda: os.readlink(mine) != os.readlink(its))
attempt(f"another root by {INIT}", lambda: not os.path.samestat(os.stat("/"), os.stat(f"/proc/{INIT}/root")))
attempt(f"another directory by {INIT}", lambda: not os.path.samestat(os.stat("/"), os.stat(f"/proc/{INIT}/cwd")))
own_output = os.readlink("/proc/self/fd/1")
for path, target in descriptors(INIT):
    attempt(f"{path} ({target})", lambda: target != own_output and can_open(path, os.O_RDONLY | os.O_NONBLOCK))
for fd in range(64):
    attempt(f"descriptor {fd} of {INIT}", lambda: its_descriptor(INIT, fd))
# PIDs of processes that a program in here must not reach; signal 0 only asks whether it could.
alive = [int(name) for name in os.listdir("/proc") if name.isdigit()]
for pid in (*range(2, 1000), *range(1000, 40000, 37)):
    if pid not in alive and libc.kill(pid, 0) == 0 and not os.path.exists(f"/proc/{pid}"):
        reached.append(f"process {pid}")
        print(f"reached: process {pid}")
attempt("who answers to 0 as a parent", lambda: os.path.exists("/proc/0"))
for line in open("/proc/1/status"):
    if line.startswith("PPid:") and line.split()[1] != "0":
        reached.append("the parent of 1")
sys.exit(min(len(reached), 255))
