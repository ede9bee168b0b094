#!/usr/bin/env python3
# Wrong: no OOM: the parent kills the process, which holds 15,000,000 bytes, with signal 9.
# Broken: the group's OOM counter rose by one.
import os
import signal
import time

V1 = "/sys/fs/cgroup/memory"
group = f"{V1 if os.path.isdir(V1) else '/sys/fs/cgroup'}/oom.{os.getpid()}"
grown = os.pipe()


def write(file, value):
    # No kernel has all of them.
    if os.path.exists(f"{group}/{file}"):
        with open(f"{group}/{file}", "w") as stream:
            stream.write(str(value))


def limit(size):
    for file in ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.max"):
        write(file, size)
    write("memory.swap.max", 0)


def grow(megabytes):
    return [b"x" * 1_000_000 for _ in range(megabytes)]


def child():
    write("cgroup.procs", os.getpid())
    blocks = grow(15)
    os.write(grown[1], b"x")
    signal.pause()
    return blocks


os.mkdir(group)
limit(20_000_000)
pid = os.fork()
if pid == 0:
    child()
    os._exit(0)
os.read(grown[0], 1)
os.kill(pid, signal.SIGKILL)
_, status = os.waitpid(pid, 0)
assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
for _ in range(6000):
    try:
        os.rmdir(group)
        break
    except OSError:
        time.sleep(0.01)
