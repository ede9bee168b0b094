#!/usr/bin/env python3
# Right: the directories of the overlay are named by descriptors, as engines do whose paths would be too long for one page.
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import layers as lab  # noqa: E402


def lay(name):
    for part in ('upper', 'work', 'root'):
        os.makedirs(f'{name}/{part}')
    paths = ('layers/top,most', 'layers/small', 'layers/base', f'{name}/upper', f'{name}/work')
    descriptors = [os.open(path, os.O_PATH) for path in paths]
    top, small, base, upper, work = (f'/proc/self/fd/{fd}' for fd in descriptors)
    options = f'lowerdir={top}:{small}:{base},upperdir={upper},workdir={work},userxattr'
    lab.mount('overlay', f'{name}/root', 'overlay', 0, options)
    for fd in descriptors:
        os.close(fd)


lab.lay = lay
lab.main()
