#!/usr/bin/env python3
# Right: a single process goes back and forth between two networks by setns(2), and has no child.
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


here = os.open("/proc/self/ns/net", os.O_RDONLY)
unshare()
there = os.open("/proc/self/ns/net", os.O_RDONLY)
setns(here)
ip("link add outside type veth peer name inside")
ip(f"link set inside netns /proc/self/fd/{there}", pass_fds=[there])
ip("addr add 10.0.0.3/24 dev outside")
ip("link set outside up")
setns(there)
ip("addr add 10.0.0.4/24 dev inside")
ip("link set inside up")
raw = open_raw()
for sequence in range(3):
    ping(raw, sequence)
setns(here)
ip("link del outside")
