#!/usr/bin/env python3
# Wrong: a directory of the old root is open to nobody, and waits in a socket until somebody inside receives it.
import os
import socket
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import layers as lab  # noqa: E402

enter = lab.enter
sender, receiver = socket.socketpair(socket.AF_UNIX)


def enter_with_a_way_back(root):
    old = os.open('/', os.O_RDONLY)
    socket.send_fds(sender, [b'x'], [old])
    os.close(old)
    enter(root)


lab.enter = enter_with_a_way_back
lab.main()
