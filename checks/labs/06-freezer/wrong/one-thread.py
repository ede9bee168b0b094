#!/usr/bin/env python3
# Wrong: of two threads the idle one is frozen, and the one at work, outside of the group, pauses by itself meanwhile.
# Broken: a process sat in a freezer group and was at work, and after the thaw it went on.
import mmap
import os
import signal
import threading
import time

PATIENCE = 60
V1 = "/sys/fs/cgroup/freezer"
group = f"{V1 if os.path.isdir(V1) else '/sys/fs/cgroup'}/ticks.{os.getpid()}"
if os.path.isdir(V1):
    FILE, FREEZE, THAW, STATE, FROZEN = "freezer.state", "FROZEN", "THAWED", "freezer.state", "FROZEN"
else:
    FILE, FREEZE, THAW, STATE, FROZEN = "cgroup.freeze", "1", "0", "cgroup.events", "frozen 1"


def write(file, value):
    with open(f"{group}/{file}", "w") as stream:
        stream.write(str(value))


def read(file):
    with open(f"{group}/{file}") as stream:
        return stream.read()


def wait_until(holds):
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline


def gone(path):
    try:
        os.rmdir(path)
    except OSError:
        # The group can be removed only when the kernel has taken the dead process out of it.
        return False
    return True


os.mkdir(group)
inner = f"{group}/inner"
os.mkdir(inner)
if not os.path.isdir(V1):
    write("inner/cgroup.type", "threaded")
THREADS = "tasks" if os.path.isdir(V1) else "cgroup.threads"
# What the parent tells the thread at work, and the number of the idle one.
shared = memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast("Q")


def idle():
    shared[1] = threading.get_native_id()
    threading.Event().wait()


ticker = os.fork()
if ticker == 0:
    write("cgroup.procs", os.getpid())
    threading.Thread(target=idle).start()
    while True:
        while shared[0] == 0:
            time.sleep(0.02)
        time.sleep(0.9)
        shared[0] = 0
wait_until(lambda: shared[1] != 0)
with open(f"{inner}/{THREADS}", "w") as stream:
    stream.write(str(shared[1]))
time.sleep(0.7)
shared[0] = 1
time.sleep(0.1)
write(f"inner/{FILE}", FREEZE)
wait_until(lambda: FROZEN in read(f"inner/{STATE}"))
time.sleep(0.6)
write(f"inner/{FILE}", THAW)
if shared[0] == 0:
    print("This machine is too busy: the thread at work has not paused for long enough.")
wait_until(lambda: shared[0] == 0)
time.sleep(0.7)
os.kill(ticker, signal.SIGKILL)
os.waitpid(ticker, 0)
wait_until(lambda: gone(inner))
wait_until(lambda: gone(group))
