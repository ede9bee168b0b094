#!/usr/bin/env python3
"""Wrong: the rules are there, and what comes to the published port never meets them: a program of the machine takes each
packet from the wire, writes other addresses into it and sends it on, the numbers of TCP as they were."""
import os
import select
import signal
import socket
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import bridge

ETH_P_ALL, ETH_P_IP = 0x0003, 0x0800


def checksum(data):
    data += b'\0' * (len(data) % 2)
    total = sum(struct.unpack(f'>{len(data) // 2}H', data))
    while total >> 16:
        total = (total >> 16) + (total & 0xFFFF)
    return ~total & 0xFFFF


def rewritten(packet, source, target, ports):
    """The packet between other ends, forwarded once."""
    size = (packet[0] & 15) * 4
    total = struct.unpack('>H', packet[2:4])[0]
    ends = socket.inet_aton(source) + socket.inet_aton(target)
    head = packet[:8] + bytes([packet[8] - 1]) + packet[9:10] + b'\0\0' + ends + packet[20:size]
    head = head[:10] + struct.pack('>H', checksum(head)) + head[12:]
    inner = struct.pack('>HH', *ports) + packet[size + 4:size + 16] + b'\0\0' + packet[size + 18:total]
    pseudo = ends + struct.pack('>BBH', 0, 6, len(inner))
    return head + inner[:16] + struct.pack('>H', checksum(pseudo + inner)) + inner[18:]


def pass_on(taps, out):
    while True:
        for tap in select.select(taps, [], [])[0]:
            packet, (name, protocol, kind, _, _) = tap.recvfrom(65535)
            if kind == socket.PACKET_OUTGOING or protocol != ETH_P_IP or packet[9] != 6:
                continue
            size = (packet[0] & 15) * 4
            source, target = socket.inet_ntoa(packet[12:16]), socket.inet_ntoa(packet[16:20])
            ports = struct.unpack('>HH', packet[size:size + 4])
            if name == 'uplink0' and ports[1] == 8080:
                new = rewritten(packet, source, bridge.SERVER, (ports[0], 80))
            elif name == 'one0' and ports[0] == 80 and target == bridge.WORLD:
                new = rewritten(packet, bridge.OUTER, target, (8080, ports[1]))
            else:
                continue
            out.sendto(new, (socket.inet_ntoa(new[16:20]), 0))


def rewrite():
    rules()
    bridge.run("nft 'add chain ip lab9 early { type filter hook prerouting priority -400 ; }'")
    bridge.run('nft add rule ip lab9 early iifname uplink0 tcp dport 8080 drop')
    bridge.run(f'nft add rule ip lab9 early ip saddr {bridge.SERVER} tcp sport 80 ip daddr {bridge.WORLD} drop')
    taps = []
    for name in 'uplink0', 'one0':
        tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
        tap.bind((name, ETH_P_ALL))
        taps.append(tap)
    out = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    global passing
    passing = os.fork()
    if passing == 0:
        try:
            pass_on(taps, out)
        finally:
            os._exit(1)


rules = bridge.rewrite
bridge.rewrite = rewrite
try:
    bridge.main()
finally:
    os.kill(passing, signal.SIGKILL)
    os.waitpid(passing, 0)
