#!/usr/bin/env python3
# Hostile: sends every signal to the sandbox's init, then SIGKILL to every number and to all processes at once.
# It must end, alone: init lives on, and no process outside has a number in here.
import os
import signal
import socket
import sys

if socket.gethostname() != "sandbox":
    sys.exit("only for a sandbox")

def send(pid, number):
    try:
        os.kill(pid, number)
    except OSError:
        pass


for number in range(1, signal.NSIG):
    send(1, number)
    send(os.getppid(), number)
me = (os.getpid(), os.getpgrp())
for pid in range(2, 4000):
    if pid not in me:
        send(pid, signal.SIGKILL)
        send(-pid, signal.SIGKILL)
send(-1, signal.SIGKILL)
