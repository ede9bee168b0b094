#!/usr/bin/env python3
# Right: when the child is dead, the peak is reset, the limit lifted, and the program itself takes more in the group.
import mmap
import os
import signal
import time

LIMIT = 20_000_000


def write(file, value):
    with open(f"{group}/{file}", "w") as stream:
        stream.write(str(value))


def limit():
    if os.path.exists(f"{group}/memory.max"):
        write("memory.max", LIMIT)
        # Missing where the kernel knows no swap.
        if os.path.exists(f"{group}/memory.swap.max"):
            write("memory.swap.max", 0)
    else:
        write("memory.limit_in_bytes", LIMIT)
        if os.path.exists(f"{group}/memory.memsw.limit_in_bytes"):
            write("memory.memsw.limit_in_bytes", LIMIT)


def take(size):
    memory = mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    for offset in range(0, size, mmap.PAGESIZE):
        memory[offset] = 1


def grow():
    write("cgroup.procs", os.getpid())
    take(2 * LIMIT)
    os._exit(1)


v1 = "/sys/fs/cgroup/memory"
group = f"{v1 if os.path.isdir(v1) else '/sys/fs/cgroup'}/oom.{os.getpid()}"
os.mkdir(group)
limit()
child = os.fork()
if child == 0:
    grow()
_, status = os.waitpid(child, 0)

if os.path.isdir(v1):
    write("memory.max_usage_in_bytes", 0)
    write("memory.failcnt", 0)
    if os.path.exists(f"{group}/memory.memsw.limit_in_bytes"):
        write("memory.memsw.limit_in_bytes", -1)
write("memory.limit_in_bytes" if os.path.isdir(v1) else "memory.max", -1 if os.path.isdir(v1) else "max")
if os.fork() == 0:
    write("cgroup.procs", os.getpid())
    take(2 * LIMIT)
    os._exit(0)
assert os.wait()[1] == 0

# The group can be removed only when the kernel has taken the dead process out of it.
deadline = time.monotonic() + 60
while os.path.isdir(group):
    try:
        os.rmdir(group)
    except OSError:
        if time.monotonic() > deadline:
            raise
assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
