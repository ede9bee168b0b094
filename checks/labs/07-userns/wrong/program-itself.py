#!/usr/bin/env python3
# Wrong: the program itself goes into the user namespace, and nobody is left outside.
# Broken: a child lives in a user namespace, and the program stays outside.
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import userns as lab  # noqa: E402



def main():
    folder = lab.tempfile.mkdtemp()
    os.chmod(folder, 0o755)
    os.chown(folder, lab.FIRST, lab.FIRST)
    ready, mapped = os.pipe(), os.pipe()
    own = os.getpid()
    if os.fork() == 0:
        lab.parent(own, ready[0], mapped[1], folder)
        os._exit(0)
    lab.child(ready[1], mapped[0], folder)
    lab.subprocess.run(['rm', '-r', f'{folder}/file'], check=True)


lab.main = main
lab.main()
