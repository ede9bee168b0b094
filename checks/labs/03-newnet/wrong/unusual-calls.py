#!/usr/bin/env python3
# Wrong: a third interface comes, three pings go, and it goes again, all by pwritev2(2): nothing but sending is not called
# so.
# Broken: there are three answered requests while lo and the pair are alone inside.
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


def attribute(kind, data):
    return struct.pack("HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)


def change_third(kernel, kind, flags, more=b""):
    """RTM_NEWLINK is 16, RTM_DELLINK is 17; NLM_F_REQUEST 1, NLM_F_ACK 4, NLM_F_EXCL 0x200, NLM_F_CREATE 0x400."""
    body = bytes(16) + attribute(3, b"third\0") + more
    write(kernel, struct.pack("IHHII", 16 + len(body), kind, flags, 1, 0) + body)
    (error,) = struct.unpack("i", kernel.recv(2000)[16:20])
    if error:
        raise OSError(-error, "a link could not be changed")


def write(opened, data):
    # At no place in particular: so pwritev2(2) can write to a socket.
    os.pwritev(opened.fileno(), [data], -1)


def inside(_):
    set_up_inside()
    raw = open_raw()
    raw.connect(("10.0.0.3", 0))
    kernel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
    kernel.connect((0, 0))
    change_third(kernel, 16, 0x605, attribute(18, attribute(1, b"bridge\0")))
    for sequence in range(3):
        write(raw, icmp(8, sequence))
        await_reply(raw)
    change_third(kernel, 17, 0x5)


child, line = in_own_network(inside)
lay_pair(child)
line.send(b"g")
end(child)
