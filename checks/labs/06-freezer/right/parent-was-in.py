#!/usr/bin/env python3
# Right: the parent joins the group to make its child in there, and leaves it again.
import mmap
import os
import signal
import time

PATIENCE = 60
V1 = "/sys/fs/cgroup/freezer"
# Only v2 has this file at the top of a hierarchy.
V2 = [root for root in ("/sys/fs/cgroup/unified", "/sys/fs/cgroup") if os.path.exists(f"{root}/cgroup.controllers")]
if V2:
    FILE, FREEZE, THAW, STATE, FROZEN = "cgroup.freeze", "1", "0", "cgroup.events", "frozen 1"
else:
    FILE, FREEZE, THAW, STATE, FROZEN = "freezer.state", "FROZEN", "THAWED", "freezer.state", "FROZEN"
group = f"{V2[0] if V2 else V1}/ticks.{os.getpid()}"


def write(file, value, directory=None):
    with open(f"{directory or group}/{file}", "w") as stream:
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


os.mkdir(group)
# A counter that parent and child share.
count = memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast("Q")
# Of v2: from where the root of the hierarchy is, and in v1 that root itself.
home = next((line.split(":")[2].strip() for line in open("/proc/self/cgroup") if line.startswith("0::")), "/")
write("cgroup.procs", "0")
ticker = os.fork()
if ticker == 0:
    tick()
write("cgroup.procs", "0", f"{os.path.dirname(group)}{home if V2 else ''}")
wait_until(lambda: count[0] >= 50)

write(FILE, FREEZE)
wait_until(lambda: FROZEN in read(STATE))
before = count[0]
time.sleep(0.7)
after = count[0]
write(FILE, THAW)
wait_until(lambda: count[0] >= after + 70)

os.kill(ticker, signal.SIGKILL)
os.waitpid(ticker, 0)
wait_until(gone)
assert after == before
