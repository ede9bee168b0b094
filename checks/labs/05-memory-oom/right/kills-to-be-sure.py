#!/usr/bin/env python3
# Right: the parent reads of the kill in the group's counter, and kills the child once more, which may still be there.
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


def kills():
    with open(f"{group}/{'memory.oom_control' if os.path.isdir(v1) else 'memory.events'}") as lines:
        return dict(line.split() for line in lines).get("oom_kill")


def grow():
    write("cgroup.procs", os.getpid())
    memory = mmap.mmap(-1, 2 * LIMIT, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    for offset in range(0, 2 * LIMIT, mmap.PAGESIZE):
        memory[offset] = 1
    os._exit(1)


v1 = "/sys/fs/cgroup/memory"
group = f"{v1 if os.path.isdir(v1) else '/sys/fs/cgroup'}/oom.{os.getpid()}"
os.mkdir(group)
limit()
child = os.fork()
if child == 0:
    grow()
while kills() == "0":
    pass
os.kill(child, signal.SIGKILL)
_, status = os.waitpid(child, 0)

# The group can be removed only when the kernel has taken the dead process out of it.
deadline = time.monotonic() + 60
while os.path.isdir(group):
    try:
        os.rmdir(group)
    except OSError:
        if time.monotonic() > deadline:
            raise
assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
