#!/usr/bin/env python3
# Wrong: the process has ended before its group is frozen, and is still to be waited for.
# Broken: after the thaw the very same process went on.
import os
import time

V1 = "/sys/fs/cgroup/freezer"
group = f"{V1 if os.path.isdir(V1) else '/sys/fs/cgroup'}/ticks.{os.getpid()}"
if os.path.isdir(V1):
    FILE, FREEZE, THAW, STATE, FROZEN = "freezer.state", "FROZEN", "THAWED", "freezer.state", "FROZEN"
else:
    FILE, FREEZE, THAW, STATE, FROZEN = "cgroup.freeze", "1", "0", "cgroup.events", "frozen 1"


def write(file, value):
    with open(f"{group}/{file}", "w") as stream:
        stream.write(str(value))


def is_frozen():
    with open(f"{group}/{STATE}") as stream:
        return FROZEN in stream.read()


os.mkdir(group)
ticker = os.fork()
if ticker == 0:
    write("cgroup.procs", os.getpid())
    for _ in range(50):
        time.sleep(0.01)
    os._exit(0)
os.waitid(os.P_PID, ticker, os.WEXITED | os.WNOWAIT)
write(FILE, FREEZE)
deadline = time.monotonic() + 60
while not is_frozen():
    assert time.monotonic() < deadline
time.sleep(0.7)
write(FILE, THAW)
time.sleep(0.7)
os.waitpid(ticker, 0)
for _ in range(6000):
    try:
        os.rmdir(group)
        break
    except OSError:
        time.sleep(0.01)
