#!/usr/bin/env python3
# Wrong: the map says that root inside is root outside, which is nobody's protection.
# Broken: 0 inside is an ordinary user outside; root inside is refused a file of the outer root's.
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import userns as lab  # noqa: E402

lab.FIRST = 0
lab.refused = lambda action: None
lab.nest_only = True


def be_refused(folder):
    for action in (lambda: lab.sethostname('other'), lambda: os.close(os.open('/etc/passwd', os.O_WRONLY)), lab.nest):
        lab.in_child(lambda: attempt(action))


def attempt(action):
    try:
        action()
    except OSError as error:
        print(error)


lab.be_refused = be_refused
lab.main()
