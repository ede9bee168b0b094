#!/usr/bin/env python3
# Right: the file is made in a directory of the outside that is bound elsewhere, behind a root of the child's own; and the
# new mount is attached by move_mount(2).
import ctypes
import os
import platform
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import userns as lab  # noqa: E402

MS_BIND, MNT_DETACH, AT_FDCWD = 4096, 2, -100
OPEN_TREE_CLONE, MOVE_MOUNT_F_EMPTY_PATH = 1, 4
SYS_open_tree, SYS_move_mount = 428, 429
SYS_pivot_root = 155 if platform.machine() == 'x86_64' else 41


def make_file(folder):
    def behind_a_root():
        root, volume = f'{folder}/root', f'{folder}/volume'
        lab.unshare(lab.CLONE_NEWNS)
        for directory in (root, volume):
            os.mkdir(directory)
        lab.call('mount', b'root', root.encode(), b'tmpfs', 0, b'mode=755')
        os.mkdir(f'{root}/mnt')
        lab.call('mount', volume.encode(), f'{root}/mnt'.encode(), None, MS_BIND, None)
        os.chdir(root)
        lab.call('syscall', SYS_pivot_root, b'.', b'.')
        lab.call('umount2', b'.', MNT_DETACH)
        lab.write('/mnt/made', 'made inside\n')

    if lab.in_child(behind_a_root) != 0:
        raise SystemExit('no file')


def be_root(folder):
    lab.unshare(lab.CLONE_NEWNS | lab.CLONE_NEWUTS)
    lab.sethostname('inside')
    for name in ('tmpfs', 'source'):
        os.mkdir(f'{folder}/{name}')
    tree = lab.libc.syscall(SYS_open_tree, AT_FDCWD, f'{folder}/source'.encode(), OPEN_TREE_CLONE)
    if tree < 0:
        raise OSError(ctypes.get_errno(), 'open_tree')
    lab.call('syscall', SYS_move_mount, tree, b'', AT_FDCWD, f'{folder}/tmpfs'.encode(), MOVE_MOUNT_F_EMPTY_PATH)
    lab.write(f'{folder}/tmpfs/given', '')
    os.chown(f'{folder}/tmpfs/given', 7, 7)


lab.make_file = make_file
lab.be_root = be_root
lab.main()
