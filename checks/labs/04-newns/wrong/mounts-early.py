#!/usr/bin/env python3
# Wrong: whoever makes the container has unshared the mounts, but leaves them shared, and mounts something before
# anybody else is born or becomes another program in there. It comes outside, where another process is born then.
# Broken: outside, mounts are what they were.
import ctypes
import os
import subprocess

NEWNS, NEWUTS, NEWIPC, NEWPID, NEWNET = 0x20000, 0x4000000, 0x8000000, 0x20000000, 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


def call(result):
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


CONTAINER = """
hostname myhost
mount --make-rprivate /
mount -t proc proc fs/proc
echo unshared >&3
read -r _ <&4
ip link set lo up
ip addr add 10.0.0.15/24 dev inside
ip link set inside up
exec chroot fs /bin/sh -i 3>&- 4<&-
"""

os.mkdir("extra")
ready, go = os.pipe(), os.pipe()
maker = os.fork()
if maker == 0:
    call(libc.unshare(NEWNS | NEWUTS | NEWIPC | NEWPID | NEWNET))
    call(libc.mount(b"extra", b"extra", b"tmpfs", 0, None))
    os.write(ready[1], b"mounted\n")
    os.read(go[0], 1)
    first = os.fork()
    if first == 0:
        os.dup2(ready[1], 3)
        os.dup2(go[0], 4)
        os.execvp("sh", ["sh", "-euc", CONTAINER])
    os.write(ready[1], b"%d\n" % first)
    os._exit(os.waitstatus_to_exitcode(os.waitpid(first, 0)[1]))

lines = open(ready[0])
lines.readline()
subprocess.run(["true"], check=True)
os.write(go[1], b"x")
told = {lines.readline().strip(), lines.readline().strip()} - {"unshared"}
first = told.pop()
for words in [
    f"link add outside type veth peer name inside netns {first}",
    "addr add 10.0.0.13/24 dev outside",
    "link set outside up",
]:
    subprocess.run(["ip", *words.split()], check=True)
os.write(go[1], b"connected\n")
code = os.waitstatus_to_exitcode(os.waitpid(maker, 0)[1])
subprocess.run(["ip", "link", "del", "outside"], stderr=subprocess.DEVNULL)
subprocess.run(["umount", "extra"], check=True)
raise SystemExit(code)
