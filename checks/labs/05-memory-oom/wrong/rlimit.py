#!/usr/bin/env python3
# Wrong: the process limits itself by setrlimit(2), the group has no limit, and it sends the signal to itself.
# Broken: that group was limited to 20,000,000 bytes.
import os
import resource
import signal
import time

V1 = "/sys/fs/cgroup/memory"
group = f"{V1 if os.path.isdir(V1) else '/sys/fs/cgroup'}/oom.{os.getpid()}"


def write(file, value):
    # No kernel has all of them.
    if os.path.exists(f"{group}/{file}"):
        with open(f"{group}/{file}", "w") as stream:
            stream.write(str(value))


def grow(megabytes):
    return [b"x" * 1_000_000 for _ in range(megabytes)]


def child():
    write("cgroup.procs", os.getpid())
    resource.setrlimit(resource.RLIMIT_DATA, (20_000_000, 20_000_000))
    try:
        grow(100)
    except MemoryError:
        os.kill(os.getpid(), signal.SIGKILL)


os.mkdir(group)
pid = os.fork()
if pid == 0:
    child()
    os._exit(0)
_, status = os.waitpid(pid, 0)
assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
for _ in range(6000):
    try:
        os.rmdir(group)
        break
    except OSError:
        time.sleep(0.01)
