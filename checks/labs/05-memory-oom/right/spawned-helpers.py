#!/usr/bin/env python3
# Right: helpers that Python makes by vfork(2), and so in its memory until they run sleep(1), end by SIGKILL that nobody has
# sent: with their parent, and with PID 1 of a PID namespace around their own.
import mmap
import os
import signal
import subprocess
import sys
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


def grow():
    write("cgroup.procs", os.getpid())
    memory = mmap.mmap(-1, 2 * LIMIT, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    for offset in range(0, 2 * LIMIT, mmap.PAGESIZE):
        memory[offset] = 1
    os._exit(1)


if os.getpid() != 1:
    sys.exit(subprocess.run(["unshare", "--pid", "--fork", sys.executable, *sys.argv]).returncode)

first = os.fork()
if first == 0:
    command = ["setpriv", "--pdeathsig", "KILL", "sh", "-c", "echo; exec sleep 1000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as helper:
        helper.stdout.readline()
        os._exit(0)
os.waitpid(first, 0)
subprocess.Popen(["unshare", "--pid", "--fork", "sh", "-c", "sleep 1000 & wait"])

v1 = "/sys/fs/cgroup/memory"
group = f"{v1 if os.path.isdir(v1) else '/sys/fs/cgroup'}/oom.{os.getpid()}"
os.mkdir(group)
limit()
child = os.fork()
if child == 0:
    grow()
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
