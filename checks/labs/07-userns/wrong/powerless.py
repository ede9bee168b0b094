#!/usr/bin/env python3
# Wrong: who asks has no capability left, and is refused for that.
# Broken: root inside is refused.
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import userns as lab  # noqa: E402

ask = lab.be_refused


def be_refused(folder):
    lab.capset(0, 0, 0)
    ask(folder)


lab.be_refused = lambda folder: lab.in_child(lambda: be_refused(folder))
lab.main()
