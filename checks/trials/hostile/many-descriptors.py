#!/usr/bin/env python3
# Hostile: a process with as many descriptors as it may have, and children, at whose births and ends all are counted.
import os
import resource

_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
try:
    while True:
        os.dup(0)
except OSError:
    pass
while True:
    if os.fork() == 0:
        os._exit(0)
    os.wait()
