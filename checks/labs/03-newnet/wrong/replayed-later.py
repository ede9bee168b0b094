#!/usr/bin/env python3
# Wrong: three requests go to a hardware address that nobody has, while all is as it must be; the same three go to the right
# one when 10.0.0.4 is not there any more, and are answered.
# Broken: three requests are answered, and none is lost.
import ctypes
import os
import re
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


def hardware_address(name):
    shown = subprocess.run(["ip", "-o", "link", "show", name], check=True, capture_output=True, text=True).stdout
    return re.search(r"ether (\S+)", shown)[1]


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


def send_three(packets, target):
    for sequence in range(3):
        request = packet(icmp(8, sequence), "10.0.0.4", "10.0.0.3")
        packets.sendto(request, ("inside", 0x800, 0, 0, bytes.fromhex(target.replace(":", ""))))


def await_replies(packets):
    replies = 0
    while replies < 3:
        received, address = packets.recvfrom(2000)
        replies += address[0] == "inside" and received[9] == 1 and received[20] == 0


def inside(line):
    set_up_inside()
    line.send(hardware_address("inside").encode())
    outer = line.recv(17).decode()
    packets = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x800))
    packets.settimeout(5)
    send_three(packets, "02:00:00:00:00:99")
    ip("addr del 10.0.0.4/24 dev inside")
    send_three(packets, outer)
    await_replies(packets)


child, line = in_own_network(inside)
lay_pair(child)
line.send(b"g")
inner = line.recv(17).decode()
# Without its address the inner end would not say where it is.
ip(f"neigh replace 10.0.0.4 lladdr {inner} dev outside nud permanent")
line.send(hardware_address("outside").encode())
end(child)
