#!/usr/bin/env python3
"""Freezes a process of its own again and again, from several processes outside of its group, until somebody ends it."""
import os
import time

base = '/sys/fs/cgroup/freezer' if os.path.exists('/sys/fs/cgroup/freezer') else '/sys/fs/cgroup'
group = os.path.join(base, 'again')
os.mkdir(group)
setting, frozen = ('freezer.state', 'FROZEN') if 'freezer' in base else ('cgroup.freeze', '1')
pid = os.fork()
if pid == 0:
    while True:
        time.sleep(0.05)
with open(os.path.join(group, 'cgroup.procs'), 'w') as procs:
    procs.write(str(pid))
for _ in range(8):
    if os.fork() == 0:
        break
while True:
    with open(os.path.join(group, setting), 'w') as state:
        state.write(frozen)
