#!/usr/bin/env python3
# Wrong: when the last of the questions passes by, something is mounted outside, and stays until the shell has ended.
# Broken: outside, mounts are what they were.
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "right"))
import own_terminal

lines = set()


def told(data):
    lines.update(filter(None, data.split(b"\n")))
    # Ten questions are twelve lines: one of them is a here-document.
    if len(lines) >= 12 and not os.path.ismount("late"):
        own_terminal.call("mount", b"none", b"late", b"tmpfs", 0, None)
    return data


os.mkdir("late")
own_terminal.told = told
code = own_terminal.main()
own_terminal.call("umount2", b"late", 0)
sys.exit(code)
