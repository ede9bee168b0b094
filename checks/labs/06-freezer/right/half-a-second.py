#!/usr/bin/env python3
# Right: frozen for half a second and not a moment more, from the word of the group to the thaw.
import os
import signal
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
ticker = os.fork()
if ticker == 0:
    write("cgroup.procs", os.getpid())
    while True:
        time.sleep(0.02)
wait_until(lambda: read("cgroup.procs") != "")
time.sleep(0.5)
thaw = os.open(f"{group}/{FILE}", os.O_WRONLY)
write(FILE, FREEZE)
wait_until(lambda: FROZEN in read(STATE))
time.sleep(0.5)
os.write(thaw, THAW.encode())
time.sleep(0.5)
os.kill(ticker, signal.SIGKILL)
os.waitpid(ticker, 0)
wait_until(lambda: gone(group))
