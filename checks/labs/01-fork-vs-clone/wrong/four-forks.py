#!/usr/bin/env python3
# Wrong: fork(2) four times, and a table that says otherwise.
# Broken: one child shares memory, one descriptors, one the directory.
import os

for name, directory in (("copy", "/"), ("memory", "/usr"), ("files", "/etc"), ("directory", "/var")):
    fd = os.open("/dev/null", os.O_RDONLY)
    child = os.fork()
    if child == 0:
        os.close(fd)
        os.chdir(directory)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status == 0
    print(f"{name:10} shared: {'nothing' if name == 'copy' else name}", flush=True)
