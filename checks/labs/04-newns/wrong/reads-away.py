#!/usr/bin/env python3
# Wrong: as told-the-result.py, but the shell is told to read the next line away, is given the line that was typed, as it is,
# and then does what it was told before: to end a child with the result.
# Broken: commands typed at the terminal are answered from inside.
import os

path = os.path.join(os.path.dirname(os.path.realpath(__file__)), "told-the-result.py")
with open(path) as program:
    text = program.read()
told = r"""b": <<'end'\n%s\nend\n(exit %d)\n" % (line, eval(found[1]))"""
assert told in text
exec(text.replace(told, r"""b"read -r _; (exit %d)\n%s\n" % (eval(found[1]), line)"""))
