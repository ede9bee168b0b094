#!/usr/bin/env python3
# Right: does the lab beside seventy processes that live in networks of their own and do nothing there.
import ctypes
import os
import subprocess

CLONE_NEWNET = 0x40000000
NEIGHBOURS = 70

libc = ctypes.CDLL(None)
here = os.path.dirname(os.path.abspath(__file__))
may_end, end = os.pipe()
lives, is_born = os.pipe()

neighbours = []
for _ in range(NEIGHBOURS):
    neighbour = os.fork()
    if neighbour == 0:
        os.close(end)
        os.write(is_born, b"x" if libc.unshare(CLONE_NEWNET) == 0 else b"-")
        # Until nobody can write there any more.
        os.read(may_end, 1)
        os._exit(0)
    neighbours.append(neighbour)
for _ in neighbours:
    assert os.read(lives, 1) == b"x"

subprocess.run([os.path.join(here, "newnet.sh")], check=True)

os.close(end)
for neighbour in neighbours:
    os.waitpid(neighbour, 0)
