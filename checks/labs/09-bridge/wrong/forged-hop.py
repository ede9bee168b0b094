#!/usr/bin/env python3
"""Wrong: the client sends itself the message that a packet's time was up, from the address of the bridge."""
import os
import socket
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import bridge


def first_hop(address):
    inner = ip_header(bridge.CLIENT, address, 17, 8) + struct.pack('>HHHH', 40000, 33434, 8, 0)
    message = struct.pack('>BBHI', 11, 0, 0, 0) + inner
    message = message[:2] + struct.pack('>H', checksum(message)) + message[4:]
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        raw.sendto(ip_header(bridge.GATEWAY, bridge.CLIENT, 1, len(message)) + message, (bridge.CLIENT, 0))


def ip_header(source, target, protocol, size):
    ends = socket.inet_aton(source) + socket.inet_aton(target)
    return struct.pack('>BBHHHBBH', 0x45, 0, 20 + size, 0, 0, 64, protocol, 0) + ends


def checksum(data):
    total = sum(struct.unpack(f'>{len(data) // 2}H', data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


bridge.first_hop = first_hop
bridge.main()
