#!/usr/bin/env python3
# Right: the socket is opened inside and used by a process that has gone out again. Nobody lives inside meanwhile.
import ctypes
import os
import socket
import struct
import subprocess

libc = ctypes.CDLL(None, use_errno=True)


def unshare():
    if libc.unshare(0x40000000) == -1:
        raise OSError(ctypes.get_errno(), "unshare(CLONE_NEWNET)")


def setns(fd):
    if libc.setns(fd, 0x40000000) == -1:
        raise OSError(ctypes.get_errno(), "setns(CLONE_NEWNET)")


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


def set_up_inside():
    ip("addr add 10.0.0.4/24 dev inside")
    ip("link set inside up")


def remove_pair():
    # The kernel takes a dead namespace apart in its own time, and the pair with it: losing that race is no failure.
    subprocess.run(["ip", "link", "del", "outside"], stderr=subprocess.DEVNULL)


out_here = os.open("/proc/self/ns/net", os.O_RDONLY)
unshare()
in_there = os.open("/proc/self/ns/net", os.O_RDONLY)
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
setns(out_here)
# ip-link(8) takes a namespace by path, too, and ip(8) inherits the descriptor.
os.set_inheritable(in_there, True)
lay = "link add outside type veth peer name inside netns /proc/self/fd/%d"
subprocess.run(["ip", *(lay % in_there).split()], check=True, close_fds=False)
ip("addr add 10.0.0.3/24 dev outside")
ip("link set outside up")
setns(in_there)
set_up_inside()
setns(out_here)
ping("10.0.0.3", raw=raw)
raw.close()
os.close(in_there)
remove_pair()
