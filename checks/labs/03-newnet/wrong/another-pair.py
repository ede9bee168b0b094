#!/usr/bin/env python3
# Wrong: the pings go through another pair, which is removed before the right one is laid.
# Broken: three requests go through the pair.
import ctypes
import os
import socket
import struct
import subprocess
import sys

libc = ctypes.CDLL(None, use_errno=True)


def unshare():
    if libc.unshare(0x40000000) == -1:
        raise OSError(ctypes.get_errno(), "unshare(CLONE_NEWNET)")


def ip(arguments):
    subprocess.run(["ip", *arguments.split()], check=True)


def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def icmp(kind, sequence):
    head = struct.pack("!BBHHH", kind, 0, 0, 77, sequence)
    data = b"01234567"
    return head[:2] + struct.pack("!H", checksum(head + data)) + head[4:] + data


def ping(address, count=3, raw=None):
    raw = raw or socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    raw.settimeout(2)
    for sequence in range(count):
        raw.sendto(icmp(8, sequence), (address, 0))
        # A raw socket hears every message of ICMP, with its IP header; 0 is the reply.
        while raw.recv(2000)[20] != 0:
            pass


def lay_pair(child):
    ip(f"link add outside type veth peer name inside netns {child}")
    ip("addr add 10.0.0.3/24 dev outside")
    ip("link set outside up")


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


def inside(line):
    ip("addr add 10.9.0.4/24 dev other1")
    ip("link set other1 up")
    ip("route add 10.0.0.3 dev other1")
    ping("10.0.0.3")
    ip("link del other1")
    line.send(b"n")
    line.recv(1)
    set_up_inside()


child, line = in_own_network(inside)
ip(f"link add other0 type veth peer name other1 netns {child}")
ip("addr add 10.9.0.3/24 dev other0")
ip("link set other0 up")
ip("addr add 10.0.0.3/32 dev lo")
line.send(b"g")
line.recv(1)
ip("addr del 10.0.0.3/32 dev lo")
lay_pair(child)
line.send(b"g")
end(child)
