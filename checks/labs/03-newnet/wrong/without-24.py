#!/usr/bin/env python3
# Wrong: the outer address has no /24, so that the outside does not know where 10.0.0.4 is.
# Broken: both ends have addresses of one network; three requests are answered, and none is lost.
import ctypes
import os
import socket
import subprocess
import sys

libc = ctypes.CDLL(None, use_errno=True)


def unshare():
    if libc.unshare(0x40000000) == -1:
        raise OSError(ctypes.get_errno(), "unshare(CLONE_NEWNET)")


def ip(arguments):
    subprocess.run(["ip", *arguments.split()], check=True)


def set_up_inside():
    ip("addr add 10.0.0.4/24 dev inside")
    ip("link set inside up")


def remove_pair():
    # The kernel takes a dead namespace apart in its own time, and the pair with it: losing that race is no failure.
    subprocess.run(["ip", "link", "del", "outside"], stderr=subprocess.DEVNULL)


def in_own_network(action):
    """Forks a child that lives in a network of its own and waits there. Returns its number and a line to it."""
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        unshare()
        theirs.send(b"u")
        theirs.recv(6)
        action(theirs)
        os._exit(0)
    ours.recv(1)
    return pid, ours


def end(pid):
    _, status = os.waitpid(pid, 0)
    remove_pair()
    sys.exit(1 if status else 0)


def inside(_):
    set_up_inside()
    subprocess.run(["ping", "-n", "-c", "3", "-i", "0.2", "-W", "1", "10.0.0.3"])


child, line = in_own_network(inside)
ip(f"link add outside type veth peer name inside netns {child}")
ip("addr add 10.0.0.3 dev outside")
ip("link set outside up")
line.send(b"g")
end(child)
