#!/usr/bin/env python3
# Wrong: frozen and thawed as it should be, but tkill(2) sends SIGSTOP once it is frozen, and SIGCONT before the thaw.
# Broken: the freezer held it, not a stop signal.
import ctypes
import os
import platform
import signal
import time

PATIENCE = 60
SYS_TKILL = {"x86_64": 200, "aarch64": 130}[platform.machine()]
V1 = "/sys/fs/cgroup/freezer"
group = f"{V1 if os.path.isdir(V1) else '/sys/fs/cgroup'}/ticks.{os.getpid()}"
if os.path.isdir(V1):
    FILE, FREEZE, THAW, STATE, FROZEN = "freezer.state", "FROZEN", "THAWED", "freezer.state", "FROZEN"
else:
    FILE, FREEZE, THAW, STATE, FROZEN = "cgroup.freeze", "1", "0", "cgroup.events", "frozen 1"

libc = ctypes.CDLL(None, use_errno=True)


def write(file, value):
    with open(f"{group}/{file}", "w") as stream:
        stream.write(value)


def is_frozen():
    with open(f"{group}/{STATE}") as stream:
        return FROZEN in stream.read()


def tkill(thread, number):
    if libc.syscall(SYS_TKILL, thread, int(number)) == -1:
        raise OSError(ctypes.get_errno(), "tkill")


def tick():
    write("cgroup.procs", str(os.getpid()))
    os.write(joined[1], b"x")
    while True:
        time.sleep(0.01)


os.mkdir(group)
joined = os.pipe()
ticker = os.fork()
if ticker == 0:
    tick()
os.read(joined[0], 1)
time.sleep(0.5)
write(FILE, FREEZE)
deadline = time.monotonic() + PATIENCE
while not is_frozen():
    assert time.monotonic() < deadline
tkill(ticker, signal.SIGSTOP)
time.sleep(1)
tkill(ticker, signal.SIGCONT)
write(FILE, THAW)
time.sleep(0.7)
os.kill(ticker, signal.SIGKILL)
os.waitpid(ticker, 0)
for _ in range(6000):
    try:
        os.rmdir(group)
        break
    except OSError:
        time.sleep(0.01)
