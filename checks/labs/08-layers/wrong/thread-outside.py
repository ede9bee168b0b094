#!/usr/bin/env python3
# Wrong: a second thread of the container's first process has parted with its directory, and stays in the old root.
import os
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import layers  # noqa: E402

CLONE_FS = 0x200
exchange = layers.enter


def enter(root):
    has_parted = threading.Event()

    def stay():
        layers.check(layers.libc.unshare(CLONE_FS))
        has_parted.set()
        threading.Event().wait()

    threading.Thread(target=stay, daemon=True).start()
    has_parted.wait()
    exchange(root)


layers.enter = enter
layers.main()
