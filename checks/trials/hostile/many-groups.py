#!/usr/bin/env python3
# Hostile: two thousand groups, and then processes that come and go, at each of which the checker looks at all groups.
# It ends within its bound, and no group stays on the machine.
import os

root = "/sys/fs/cgroup/memory" if os.path.isdir("/sys/fs/cgroup/memory") else "/sys/fs/cgroup"
for number in range(2000):
    os.mkdir(f"{root}/hostile.{number}")
while True:
    if os.fork() == 0:
        os._exit(0)
    os.wait()
