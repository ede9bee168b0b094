#!/usr/bin/env python3
# Wrong: the child keeps the outer root as its saved user, and could go back.
# Broken: 0 inside is an ordinary user outside.
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import userns as lab  # noqa: E402



def become_root():
    os.setgroups([])
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, -1)


lab.become_root = become_root
lab.main()
