#!/usr/bin/env python3
# Hostile: writes everywhere: new files, over the tests' own, and as much as fits. More than 700 MiB are a failure.
# Nothing of it may reach the machine.
import glob
import os
import socket
import sys

if socket.gethostname() != "sandbox":
    sys.exit("only for a sandbox")

PROJECT = os.path.abspath(f"{os.path.dirname(__file__)}/../../..")
FOLDERS = ("/", "/etc", "/usr", "/usr/bin", "/var", "/var/tmp", "/tmp", "/root", "/run", "/dev", "/dev/shm", "/sys")
MOST = 700
MIB = b"\1" * 1024 * 1024


def write(path, chunks):
    written = 0
    try:
        with open(path, "wb", buffering=0) as file:
            while written < chunks:
                file.write(MIB)
                written += 1
    except OSError as error:
        print(f"{path}: {error.strerror} after {written} MiB", flush=True)
    return written


for folder in (*FOLDERS, PROJECT, f"{PROJECT}/node_modules", f"{PROJECT}/checks"):
    write(f"{folder}/hostile.{os.getpid()}", 1)
for canary in glob.glob("/*/hostile-*/canary"):
    write(canary, 1)
    os.path.exists(canary) and os.unlink(canary)
sys.exit(sum(write(f"{folder}/hostile-big.{os.getpid()}", MOST) for folder in FOLDERS) > MOST)
