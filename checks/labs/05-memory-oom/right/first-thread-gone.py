#!/usr/bin/env python3
# Right: the first thread of the child has ended, and another one takes the memory: the kernel's log names the process all
# the same, or that thread.
import ctypes
import os
import signal
import sys
import threading
import time

V1 = "/sys/fs/cgroup/memory"
PATIENCE = 60
group = f"{V1 if os.path.isdir(V1) else '/sys/fs/cgroup'}/oom.{os.getpid()}"


def write(file, value):
    # No kernel has all of them.
    if os.path.exists(f"{group}/{file}"):
        with open(f"{group}/{file}", "w") as stream:
            stream.write(str(value))


def take():
    # Until the first thread has ended its state is not Z.
    while " Z " not in open(f"/proc/{os.getpid()}/stat").read():
        pass
    blocks = []
    while True:
        blocks.append(bytearray(b"x" * 1_000_000))


def child():
    write("cgroup.procs", os.getpid())
    threading.Thread(target=take).start()
    # exit(2), of this thread alone, for which Python has no name.
    ctypes.CDLL(None).syscall(93 if os.uname().machine == "aarch64" else 60, 0)


os.mkdir(group)
for file in ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.max"):
    write(file, 20_000_000)
write("memory.swap.max", 0)
pid = os.fork()
if pid == 0:
    child()
_, status = os.waitpid(pid, 0)
deadline = time.monotonic() + PATIENCE
while os.path.exists(group):
    try:
        os.rmdir(group)
    except OSError:
        assert time.monotonic() < deadline
sys.exit(not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL))
