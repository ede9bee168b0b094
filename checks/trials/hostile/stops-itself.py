#!/usr/bin/env python3
# Hostile: stops its children, which stop theirs, and itself. Nothing continues them; all must end at the bound.
import os
import signal

for _ in range(8):
    child = os.fork()
    if child == 0:
        if os.fork() == 0:
            os.kill(os.getppid(), signal.SIGSTOP)
        os.kill(os.getpid(), signal.SIGSTOP)
        os._exit(0)
    os.kill(child, signal.SIGSTOP)
os.kill(os.getpid(), signal.SIGSTOP)
signal.pause()
