#!/usr/bin/env python3
# Wrong: no_new_privs is set once the set-user-ID program has been run.
# Broken: with no_new_privs nothing.
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import userns as lab  # noqa: E402



def run(program, is_bound):
    pid = os.fork()
    if pid == 0:
        lab.become_user()
        os.execv(program, ['grep', '^Uid', '/proc/self/status'])
    os.waitpid(pid, 0)
    if is_bound:
        lab.be_bound()


lab.run = run
lab.main()
