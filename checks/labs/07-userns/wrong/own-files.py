#!/usr/bin/env python3
# Wrong: who is refused a file is an ordinary user inside, and the file is that of root inside.
# Broken: root inside is refused a file of the outer root's.
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import userns as lab  # noqa: E402



def be_refused(folder):
    lab.refused(lambda: lab.sethostname('other'))
    lab.refused(lambda: os.mknod(f'{folder}/disk', 0o60600, os.makedev(8, 0)))
    lab.in_child(lambda: (lab.become_user(), lab.refused(lambda: os.open(f'{folder}/file', os.O_WRONLY))))
    lab.in_child(lambda: lab.refused(lab.nest))


lab.be_refused = be_refused
lab.main()
