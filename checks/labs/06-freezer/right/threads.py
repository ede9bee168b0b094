#!/usr/bin/env python3
# Right: the process works in a second thread, as a Go or Java program does, and its first one only waits.
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
        stream.write(value)


def read(file):
    with open(f"{group}/{file}") as stream:
        return stream.read()


def wait_until(holds):
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def gone():
    try:
        os.rmdir(group)
    except OSError:
        # The group can be removed only when the kernel has taken the dead process out of it.
        return False
    return True


def tick():
    while True:
        time.sleep(0.01)
        count[0] += 1


def work():
    write("cgroup.procs", str(os.getpid()))
    worker = threading.Thread(target=tick)
    worker.start()
    worker.join()


os.mkdir(group)
# A counter that parent and child share.
count = memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast("Q")
ticker = os.fork()
if ticker == 0:
    work()
try:
    wait_until(lambda: count[0] >= 50)
    write(FILE, FREEZE)
    wait_until(lambda: FROZEN in read(STATE))
    before = count[0]
    time.sleep(0.7)
    after = count[0]
    write(FILE, THAW)
    wait_until(lambda: count[0] >= after + 70)
finally:
    # On v1 no process dies before the thaw.
    write(FILE, THAW)
    os.kill(ticker, signal.SIGKILL)
    os.waitpid(ticker, 0)
    wait_until(gone)
assert after == before
