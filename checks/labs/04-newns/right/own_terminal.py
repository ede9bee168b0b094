#!/usr/bin/env python3
# Right: the shell has a terminal of its own, made outside, and the parent relays between the two, as docker run -t.
import ctypes
import fcntl
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


def shell(slave):
    ip("addr add 10.0.0.15/24 dev inside")
    ip("link set inside up")
    socket.sethostname("myhost")
    call("mount", b"none", b"/", None, MS_REC | MS_PRIVATE, None)
    os.chroot("fs")
    os.chdir("/")
    call("mount", b"proc", b"/proc", b"proc", 0, None)
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for descriptor in (0, 1, 2):
        os.dup2(slave, descriptor)
    os.execv("/bin/sh", ["sh", "-i"])


def inside(channel, slave):
    call("unshare", CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC)
    channel.sendall(b"unshared")
    if not channel.recv(16):
        return 1
    channel.close()
    child = os.fork()
    if child == 0:
        shell(slave)
    os.close(slave)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def outside(channel, child):
    # Before the child has left, its number would name the parent's own network.
    if not channel.recv(16):
        return
    ip(f"link add outside type veth peer name inside netns {child}")
    ip("addr add 10.0.0.13/24 dev outside")
    ip("link set outside up")
    channel.sendall(b"connected")


def write_all(descriptor, data):
    while data:
        data = data[os.write(descriptor, data) :]


def told(data):
    """What the shell is told of what was typed."""
    return data


def relay(master):
    way = {0: master, master: 1}
    while True:
        for source in select.select(list(way), [], [])[0]:
            try:
                data = os.read(source, 4096)
                write_all(way[source], told(data) if source == 0 else data)
            except OSError:
                # EIO: no process has the other side open any more.
                return
            if not data:
                return


def main():
    before = termios.tcgetattr(0)
    ours, theirs = socket.socketpair()
    master, slave = pty.openpty()
    child = os.fork()
    if child == 0:
        ours.close()
        os.close(master)
        sys.exit(inside(theirs, slave))
    theirs.close()
    os.close(slave)
    try:
        outside(ours, child)
        tty.setraw(0)
        relay(master)
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)
        # If that failed, the child reads end of file and gives up; a shell that is left is hung up.
        ours.close()
        os.close(master)
        _, status = os.waitpid(child, 0)
    # The pair goes with the namespace, which may be gone already.
    subprocess.run(["ip", "link", "del", "outside"], stderr=subprocess.DEVNULL)
    assert "outside" not in [name for _, name in socket.if_nameindex()]
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main())
