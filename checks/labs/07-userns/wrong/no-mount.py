#!/usr/bin/env python3
# Wrong: the mounts of the new namespace are made private, and nothing is mounted.
# Broken: root inside mounts.
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import userns as lab  # noqa: E402



def be_root(folder):
    lab.unshare(lab.CLONE_NEWNS | lab.CLONE_NEWUTS)
    lab.sethostname('inside')
    lab.call('mount', b'none', b'/', None, 0x44000, None)
    os.mkdir(f'{folder}/tmpfs')
    lab.write(f'{folder}/tmpfs/given', '')
    os.chown(f'{folder}/tmpfs/given', 7, 7)


lab.be_root = be_root
lab.main()
