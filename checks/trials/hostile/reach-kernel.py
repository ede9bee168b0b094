#!/usr/bin/env python3
# Hostile: tries calls that change a machine, in ways that change nothing where they are allowed: the time that it is,
# commands that do not exist, devices that are only opened. Exits with the number of ways that were open.
import ctypes
import errno
import mmap
import os
import platform
import resource
import stat
import struct
import sys
import time

if os.uname().nodename != "sandbox":
    sys.exit("only for a sandbox: on a machine it would change the host name, and more")

X86 = platform.machine() == "x86_64"
libc = ctypes.CDLL(None, use_errno=True)
reached = []


def attempt(name, way):
    try:
        if way() is not False:
            reached.append(name)
            print(f"reached: {name}", flush=True)
    except (OSError, ValueError) as error:
        print(f"refused: {name}: {error}", flush=True)


def called(number, *arguments, denied=(errno.EPERM, errno.EACCES, errno.ENOSYS)):
    """A call that privilege alone refuses: any error but EPERM tells that it would have been done."""
    if libc.syscall(number, *arguments) == -1 and ctypes.get_errno() in denied:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def can_open(path, flags):
    os.close(os.open(path, flags))


def made(name, numbers):
    path = f"/dev/hostile-{name}"
    os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(*numbers))
    try:
        can_open(path, os.O_RDWR)
    finally:
        os.unlink(path)


def raised():
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    if hard == resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 4096))
        hard = 4096
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard + 4096))


def called_by_32_bits():
    """mov $20, %eax (getpid); int $0x80; ret. A kernel without calls of 32 bits ends the child by a signal."""
    pid = os.fork()
    if pid == 0:
        code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        code.write(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")
        call = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
        os._exit(1 if call() == -errno.ENOSYS else 0)
    if os.waitpid(pid, 0)[1] != 0:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))


# From <asm/unistd.h>: this one, and arm64.
CALLS = {
    "adjtimex": (159, 171),
    "kexec_load": (246, 104),
    "init_module": (175, 105),
    "delete_module": (176, 106),
    "swapoff": (168, 225),
    "syslog": (103, 116),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "acct": (163, 89),
    "ioperm": (173, None),
    "iopl": (172, None),
    # What is done by these the observer would not see.
    "io_uring_setup": (425, 425),
    "io_setup": (206, 0),
    "seccomp": (317, 277),
    "fsopen": (430, 430),
}
number = {name: both[0 if X86 else 1] for name, both in CALLS.items()}
none = ctypes.c_void_p(None)
attempt("the clock", lambda: time.clock_settime(time.CLOCK_REALTIME, time.time()))
attempt("the pace of the clock", lambda: called(number["adjtimex"], struct.pack("I204x", 0x4000)))
attempt("kexec_load", lambda: called(number["kexec_load"], 0, 99, none, 0xFFFF0000))
attempt("init_module", lambda: called(number["init_module"], none, 0, none))
attempt("delete_module", lambda: called(number["delete_module"], b"hostile-not-there", 0))
attempt("swapoff", lambda: called(number["swapoff"], b"/hostile-not-there"))
attempt("acct", lambda: called(number["acct"], b"/hostile-not-there"))
attempt("the console's log level", lambda: called(number["syslog"], 8, none, 99))
# BPF_PROG_GET_NEXT_ID
attempt("bpf", lambda: called(number["bpf"], 11, struct.pack("120x"), 120))
attempt("perf of all", lambda: called(number["perf_event_open"], struct.pack("IIQ112x", 1, 128, 0), -1, 0, -1, 0))
if X86:
    attempt("ioperm", lambda: called(number["ioperm"], 0x80, 1, 1))
    attempt("iopl", lambda: called(number["iopl"], 3))
    attempt("a call of 32 bits", called_by_32_bits)
    attempt("a call of x32", lambda: called(0x40000000 + 39, denied=(errno.ENOSYS,)))
for name in ("io_uring_setup", "io_setup", "seccomp", "fsopen"):
    attempt(name, lambda: called(number[name], 99, none, none, denied=(errno.ENOSYS,)))
for name, numbers in (("mem", (1, 1)), ("port", (1, 4)), ("msr", (202, 0))):
    attempt(f"/dev/{name}", lambda: made(name, numbers))
for path in ("/dev/kmsg", "/proc/sys/kernel/sysrq", "/proc/kcore", "/proc/sys/vm/drop_caches"):
    attempt(f"writing to {path}", lambda: can_open(path, os.O_RDONLY if path.endswith("kcore") else os.O_WRONLY))
attempt("a higher hard limit", raised)
attempt("oom_score_adj of 1", lambda: can_open("/proc/1/oom_score_adj", os.O_WRONLY) or os.getuid() == 0)
attempt("real-time priority", lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)))
attempt("a lower nice value", lambda: os.nice(-1))
libc.sethostname(b"hostile", 7)
sys.exit(min(len(reached), 255))
