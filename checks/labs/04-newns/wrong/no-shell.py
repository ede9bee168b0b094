#!/usr/bin/env python3
# Wrong: no shell: the machine's Python goes on inside and reads what is typed. A shell behind it does that, by a pipe.
# Broken: commands typed at the terminal are answered from inside, by the shell of ./fs.
import ctypes
import os
import socket
import subprocess
import sys

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x20000, 0x4000000, 0x8000000
CLONE_NEWPID, CLONE_NEWNET = 0x20000000, 0x40000000
MS_REC, MS_PRIVATE = 0x4000, 0x40000

libc = ctypes.CDLL(None, use_errno=True)


def call(name, *arguments):
    if getattr(libc, name)(*arguments) == -1:
        sys.exit(f"{name}{arguments}: {os.strerror(ctypes.get_errno())}")


def ip(arguments):
    subprocess.run(["ip", *arguments.split()], check=True)


def answer():
    shell = subprocess.Popen(["/bin/sh"], stdin=subprocess.PIPE, text=True)
    for line in sys.stdin:
        shell.stdin.write(line)
        shell.stdin.flush()
        if line.strip() == "exit 0":
            break
    shell.wait()


def init():
    ip("addr add 10.0.0.15/24 dev inside")
    ip("link set inside up")
    socket.sethostname("myhost")
    call("mount", b"none", b"/", None, MS_REC | MS_PRIVATE, None)
    os.chroot("fs")
    os.chdir("/")
    call("mount", b"proc", b"/proc", b"proc", 0, None)
    answer()
    return 0


def inside(channel):
    call("unshare", CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC)
    channel.sendall(b"unshared")
    if not channel.recv(16):
        return 1
    channel.close()
    child = os.fork()
    if child == 0:
        return init()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def outside(channel, child):
    # Before the child has left, its number would name the parent's own network.
    if not channel.recv(16):
        return
    ip(f"link add outside type veth peer name inside netns {child}")
    ip("addr add 10.0.0.13/24 dev outside")
    ip("link set outside up")
    channel.sendall(b"connected")


ours, theirs = socket.socketpair()
child = os.fork()
if child == 0:
    ours.close()
    sys.exit(inside(theirs))
theirs.close()
try:
    outside(ours, child)
finally:
    # If that failed, the child reads end of file and gives up.
    ours.close()
    _, status = os.waitpid(child, 0)
# The pair goes with the namespace, which may be gone already.
subprocess.run(["ip", "link", "del", "outside"], stderr=subprocess.DEVNULL)
assert "outside" not in [name for _, name in socket.if_nameindex()]
sys.exit(os.waitstatus_to_exitcode(status))
