#!/usr/bin/env python3
# Wrong: the relay outside works sums out; the shell gets the line in a here-document that it throws away, and then the
# result.
# Broken: between a line and its answer the shell is told nothing else.
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "right"))
import own_terminal

SUM = re.compile(rb"\(exit \$\(\(([-+* 0-9]+)\)\)\)")
rest = b""


def told(data):
    global rest
    *lines, rest = (rest + data).split(b"\n")
    found = [(line, SUM.fullmatch(line)) for line in lines]
    return b"".join(b": <<'end'\n%s\nend\n(exit %d)\n" % (line, eval(sum[1])) if sum else line + b"\n" for line, sum in found)


own_terminal.told = told
sys.exit(own_terminal.main())
