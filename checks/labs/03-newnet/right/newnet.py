#!/usr/bin/env python3
import ctypes
import os
import socket
import subprocess
import sys

CLONE_NEWNET = 0x40000000


def ip(arguments):
    subprocess.run(["ip", *arguments.split()], check=True)


def inside(channel):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) == -1:
        error = ctypes.get_errno()
        sys.exit(f"unshare(CLONE_NEWNET): {os.strerror(error)}")
    channel.sendall(b"unshared")
    if not channel.recv(16):
        return 1
    ip("link set lo up")
    ip("addr add 10.0.0.4/24 dev inside")
    ip("link set inside up")
    return subprocess.run(["ping", "-n", "-c", "3", "-i", "0.2", "10.0.0.3"]).returncode


def outside(channel, child):
    # Before the child has left, its number would name the parent's own namespace.
    if not channel.recv(16):
        return
    try:
        ip(f"link add outside type veth peer name inside netns {child}")
        ip("addr add 10.0.0.3/24 dev outside")
        ip("link set outside up")
        channel.sendall(b"connected")
    finally:
        channel.close()


def remove_link():
    # The kernel removes a dead namespace, and the pair with it, some time later: if it is quicker, that is no failure.
    subprocess.run(["ip", "link", "del", "outside"], stderr=subprocess.DEVNULL)
    names = [name for _, name in socket.if_nameindex()]
    assert "outside" not in names, f"left behind: {names}"


ours, theirs = socket.socketpair()
child = os.fork()
if child == 0:
    ours.close()
    sys.exit(inside(theirs))
theirs.close()
try:
    outside(ours, child)
finally:
    _, status = os.waitpid(child, 0)
    remove_link()
sys.exit(os.waitstatus_to_exitcode(status))
