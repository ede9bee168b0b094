#!/usr/bin/env python3
# Prints what a report looks like, with everything that could move a terminal's cursor or end a line of TAP or XML, and
# leaves a process behind whose name is such a text, too.
import ctypes
import os
import sys
import time

sys.stdout.buffer.write("\r\x1b[2K  ✔ forged\n\x07\x9b31m \u202e ok 1 - forged\n]]> --> <b>&amp; \b\b\x00\x7f\n".encode())
sys.stdout.buffer.write(b"\xff\xed\xa0\x80\n\n99 claims hold (0.1 s)\n")
sys.stdout.flush()
if os.fork() == 0:
    PR_SET_NAME = 15
    ctypes.CDLL(None).prctl(PR_SET_NAME, b"\x1b[2K\r\n\xff]]>", 0, 0, 0)
    time.sleep(30)
