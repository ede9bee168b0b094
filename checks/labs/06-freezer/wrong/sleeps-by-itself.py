#!/usr/bin/env python3
# Wrong: no process is frozen: it sleeps by itself for a while.
# Broken: the group's own word was FROZEN.
import os
import signal
import time

V1 = "/sys/fs/cgroup/freezer"
group = f"{V1 if os.path.isdir(V1) else '/sys/fs/cgroup'}/ticks.{os.getpid()}"


def write(file, value):
    with open(f"{group}/{file}", "w") as stream:
        stream.write(str(value))


def tick(times):
    for _ in range(times):
        time.sleep(0.01)


os.mkdir(group)
done, tell = os.pipe()
ticker = os.fork()
if ticker == 0:
    write("cgroup.procs", os.getpid())
    tick(50)
    time.sleep(0.7)
    tick(70)
    os.write(tell, b"x")
    tick(1000)
    os._exit(1)
os.read(done, 1)
os.kill(ticker, signal.SIGKILL)
os.waitpid(ticker, 0)
for _ in range(6000):
    try:
        os.rmdir(group)
        break
    except OSError:
        time.sleep(0.01)
