#!/usr/bin/env python3
# Right: the shell has a terminal of its own, made in the container by PID 1, which relays between the two.
import ctypes
import os
import pty
import select
import socket
import subprocess
import sys
import termios
import tty

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x20000, 0x4000000, 0x8000000
CLONE_NEWPID, CLONE_NEWNET = 0x20000000, 0x40000000
MS_REC, MS_PRIVATE = 0x4000, 0x40000

libc = ctypes.CDLL(None, use_errno=True)


def call(name, *arguments):
    if getattr(libc, name)(*arguments) == -1:
        sys.exit(f"{name}{arguments}: {os.strerror(ctypes.get_errno())}")


def ip(arguments):
    subprocess.run(["ip", *arguments.split()], check=True)


def write_all(descriptor, data):
    while data:
        data = data[os.write(descriptor, data) :]


def relay(master):
    way = {0: master, master: 1}
    while True:
        for source in select.select(list(way), [], [])[0]:
            try:
                data = os.read(source, 4096)
                write_all(way[source], data)
            except OSError:
                # EIO: nobody has the other side open any more.
                return
            if not data:
                return


def init():
    ip("addr add 10.0.0.15/24 dev inside")
    ip("link set inside up")
    socket.sethostname("myhost")
    call("mount", b"none", b"/", None, MS_REC | MS_PRIVATE, None)
    shell, master = pty.fork()
    if shell == 0:
        os.chroot("fs")
        os.chdir("/")
        call("mount", b"proc", b"/proc", b"proc", 0, None)
        os.execv("/bin/sh", ["sh", "-i"])
    before = termios.tcgetattr(0)
    tty.setraw(0)
    relay(master)
    termios.tcsetattr(0, termios.TCSADRAIN, before)
    return os.waitstatus_to_exitcode(os.waitpid(shell, 0)[1])


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
