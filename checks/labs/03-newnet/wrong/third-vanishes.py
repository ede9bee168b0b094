#!/usr/bin/env python3
# Wrong: a third interface is there at the last ping, and goes by itself right after it: the network of its other end is
# no more when the last descriptor of that is closed.
# Broken: there are three answered requests while lo and the pair are alone inside.
import ctypes
import os
import socket
import struct
import subprocess
import sys
import time

libc = ctypes.CDLL(None, use_errno=True)


def unshare():
    if libc.unshare(0x40000000) == -1:
        raise OSError(ctypes.get_errno(), "unshare(CLONE_NEWNET)")


def setns(fd):
    if libc.setns(fd, 0) == -1:
        raise OSError(ctypes.get_errno(), "setns")


def ip(arguments, **options):
    subprocess.run(["ip", *arguments.split()], check=True, **options)


def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def icmp(kind, sequence):
    head = struct.pack("!BBHHH", kind, 0, 0, 77, sequence)
    data = b"01234567"
    return head[:2] + struct.pack("!H", checksum(head + data)) + head[4:] + data


def open_raw():
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    raw.settimeout(5)
    return raw


def await_reply(raw):
    # A raw socket hears every message of ICMP, with its IP header; 0 is the reply.
    while raw.recv(2000)[20] != 0:
        pass


def ping(raw, sequence):
    raw.sendto(icmp(8, sequence), ("10.0.0.3", 0))
    await_reply(raw)


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


def add_third():
    """Adds an interface, whose other end is in a network that lives as long as the descriptor that is returned."""
    here = os.open("/proc/self/ns/net", os.O_RDONLY)
    unshare()
    there = os.open("/proc/self/ns/net", os.O_RDONLY)
    ip("link add third type veth peer name other")
    ip(f"link set third netns /proc/self/fd/{here}", pass_fds=[here])
    setns(here)
    return there


def inside(_):
    set_up_inside()
    raw = open_raw()
    ping(raw, 0)
    ping(raw, 1)
    third = add_third()
    raw.sendto(icmp(8, 2), ("10.0.0.3", 0))
    os.close(third)
    while os.path.exists("/proc/sys/net/ipv4/conf/third"):
        time.sleep(0.01)


child, line = in_own_network(inside)
lay_pair(child)
line.send(b"g")
end(child)
