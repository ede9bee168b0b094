#!/usr/bin/env python3
# Wrong: the counters are forged by packet sockets on lo, the requests go to a hardware address that nobody has.
# Broken: three requests are answered, and none is lost.
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


def packet(message, source, target):
    addresses = socket.inet_aton(source) + socket.inet_aton(target)
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(message), 1, 0, 64, 1, 0) + addresses
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + message


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


def packet_socket():
    opened = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x800))
    opened.settimeout(3)
    return opened


def write_setting(name, value):
    with open(f"/proc/sys/net/ipv4/{name}", "w") as file:
        file.write(str(value))


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


def write_to_lo(kind):
    for name, value in (("lo/accept_local", 1), ("lo/route_localnet", 1), ("lo/rp_filter", 0), ("all/rp_filter", 0)):
        write_setting(f"conf/{name}", value)
    packets = packet_socket()
    for sequence in range(3):
        packets.sendto(packet(icmp(kind, sequence), "127.0.0.1", "127.0.0.1"), ("lo", 0x800, 0, 0, b"\0" * 6))


def inside(_):
    ip("link set lo up")
    set_up_inside()
    ip("neigh add 10.0.0.3 lladdr 02:00:00:00:00:99 nud permanent dev inside")
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    for sequence in range(3):
        raw.sendto(icmp(8, sequence), ("10.0.0.3", 0))
    write_to_lo(0)


child, line = in_own_network(inside)
write_to_lo(8)
lay_pair(child)
line.send(b"g")
end(child)
