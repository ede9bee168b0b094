#!/usr/bin/env python3
# Right: two threads work in turn, each of them five times a second.
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


def tick(mine, other):
    while True:
        mine.acquire()
        time.sleep(0.08)
        other.release()


os.mkdir(group)
ticker = os.fork()
if ticker == 0:
    write("cgroup.procs", os.getpid())
    one, two = threading.Semaphore(1), threading.Semaphore(0)
    threading.Thread(target=tick, args=(one, two)).start()
    tick(two, one)
wait_until(lambda: read("cgroup.procs") != "")
time.sleep(0.7)
write(FILE, FREEZE)
wait_until(lambda: FROZEN in read(STATE))
time.sleep(0.7)
write(FILE, THAW)
time.sleep(0.8)
os.kill(ticker, signal.SIGKILL)
os.waitpid(ticker, 0)
wait_until(lambda: gone(group))
