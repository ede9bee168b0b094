#!/usr/bin/env python3
# Hostile: runs a copy of sleep(1) that is deleted meanwhile, with line ends and escape sequences in its name, its
# arguments, its directory and its host name, and leaves it behind. What is said of it must be one plain line.
import os
import shutil
import socket

NAME = "\x1b[2K\r✔ a\x9b1A\nok 1"
directory = f"/tmp/{NAME}"
os.mkdir(directory)
os.chdir(directory)
shutil.copy("/bin/sleep", NAME)
socket.sethostname(NAME)
ready, started = os.pipe()
if os.fork() == 0:
    # The descriptor closes with the exec.
    os.execv(NAME, [f"{NAME}: 1 passed", "3600"])
os.close(started)
os.read(ready, 1)
os.unlink(NAME)
os.rmdir(directory)
