#!/usr/bin/env python3
# Hostile: does nothing but leave a daemon: forked twice, in a session of its own, deaf to signals, holding no file.
# It must end with the sandbox, and be named as left behind.
import os
import signal
import time

ready, alive = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    os.chdir("/")
    os.closerange(0, 1024)
    time.sleep(3600)
os.close(alive)
os.wait()
# Nothing is ever written: this returns when the daemon has closed its end.
os.read(ready, 1)
