#!/usr/bin/env python3
# Wrong: the device that root inside asks for is the character device 0,0: a whiteout, which anybody may make.
# Broken: root inside is refused a device.
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import userns as lab  # noqa: E402

S_IFCHR = 0o020000


def be_refused(folder):
    lab.refused(lambda: lab.sethostname('other'))
    lab.refused(lambda: os.mknod(f'{folder}/disk', S_IFCHR | 0o600, 0))
    lab.refused(lambda: os.open('/etc/passwd', os.O_WRONLY))
    lab.in_child(lambda: lab.refused(lab.nest))


lab.be_refused = be_refused
lab.main()
