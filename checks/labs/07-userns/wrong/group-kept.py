#!/usr/bin/env python3
# Wrong: the child stays in the group of the outer root, among its further groups.
# Broken: 0 inside is an ordinary user outside.
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import userns as lab  # noqa: E402


def become_root():
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)


lab.become_root = become_root
os.setgroups([0])
lab.main()
