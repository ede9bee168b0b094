#!/usr/bin/env python3
# Wrong: two processes are in the group: one joined before it was renamed (as v1 allows) and holds memory, the other is
# born in it afterwards.
# Broken: the child is alone in the group.
import os
import time

V1 = "/sys/fs/cgroup/memory"
root = V1 if os.path.isdir(V1) else "/sys/fs/cgroup"
group = f"{root}/oom.{os.getpid()}"
joined, go = os.pipe(), os.pipe()


def write(file, value):
    # No kernel has all of them.
    if os.path.exists(f"{group}/{file}"):
        with open(f"{group}/{file}", "w") as stream:
            stream.write(str(value))


def limit():
    for file in ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.max"):
        write(file, 20_000_000)
    write("memory.swap.max", 0)


def take_all():
    blocks = []
    while True:
        blocks.append(b"x" * 1_000_000)


def first():
    write("cgroup.procs", os.getpid())
    held = b"x" * 8_000_000
    os.write(joined[1], b"x")
    os.read(go[0], 1)
    victim = os.fork()
    if victim == 0:
        take_all()
    _, status = os.waitpid(victim, 0)
    os._exit(os.WTERMSIG(status) if held and os.WIFSIGNALED(status) else 0)


os.mkdir(group)
limit()
pid = os.fork()
if pid == 0:
    first()
os.read(joined[0], 1)
try:
    os.rename(group, f"{root}/renamed.{os.getpid()}")
    group = f"{root}/renamed.{os.getpid()}"
except OSError:
    # v2 renames no group.
    pass
os.write(go[1], b"x")
_, status = os.waitpid(pid, 0)
while True:
    try:
        os.rmdir(group)
        break
    except OSError:
        time.sleep(0.02)
assert os.WEXITSTATUS(status) == 9
