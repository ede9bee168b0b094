#!/usr/bin/env python3
# Hostile: groups in groups, until the path of the innermost is longer than any call accepts (PATH_MAX). They are left
# behind; the checker must say so and remove them.
import os

freezer = "/sys/fs/cgroup/freezer"
os.chdir(freezer if os.path.isdir(freezer) else "/sys/fs/cgroup")
for _ in range(25):
    os.mkdir("h" * 250)
    os.chdir("h" * 250)
