#!/usr/bin/env python3
# Right: the child takes memory in two threads, and has joined by the file for threads where there is one (v1: tasks).
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


def take(blocks):
    while True:
        blocks.append(bytearray(b"x" * 1_000_000))


def child():
    write("tasks" if os.path.exists(f"{group}/tasks") else "cgroup.procs", 0)
    blocks = []
    threading.Thread(target=take, args=[blocks]).start()
    take(blocks)


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
