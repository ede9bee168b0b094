#!/usr/bin/env python3
"""Right: interfaces, addresses and routes by messages of rtnetlink, without ip(8)."""
import os
import socket
import struct

import bridge

RTM_NEWLINK, RTM_NEWADDR, RTM_NEWROUTE = 16, 20, 24
REQUEST_ACK, CREATE_EXCL = 0x5, 0x600
IFLA_ADDRESS, IFLA_IFNAME, IFLA_MASTER, IFLA_LINKINFO, IFLA_NET_NS_PID = 1, 3, 10, 18, 19
IFLA_INFO_KIND, IFLA_INFO_DATA, VETH_INFO_PEER = 1, 2, 1
IFA_LOCAL, RTA_GATEWAY = 2, 5


def attribute(kind, payload):
    return struct.pack('HH', 4 + len(payload), kind) + payload + b'\0' * (-len(payload) % 4)


def request(kind, flags, body):
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as kernel:
        kernel.bind((0, 0))
        kernel.send(struct.pack('IHHII', 16 + len(body), kind, REQUEST_ACK | flags, 1, 0) + body)
        error = struct.unpack_from('i', kernel.recv(4096), 16)[0]
        if error:
            raise OSError(-error, os.strerror(-error))


def link(index=0, flags=0):
    return struct.pack('BBHiII', 0, 0, 0, index, flags, flags)


def name(text):
    return attribute(IFLA_IFNAME, text.encode() + b'\0')


def up(text):
    request(RTM_NEWLINK, 0, link(socket.if_nametoindex(text), 1))


def address(text, of):
    head = struct.pack('BBBBI', socket.AF_INET, 24, 0, 0, socket.if_nametoindex(of))
    request(RTM_NEWADDR, CREATE_EXCL, head + attribute(IFA_LOCAL, socket.inet_aton(text)))


def settle(own):
    address(own, 'eth0')
    up('eth0')
    head = struct.pack('BBBBBBBBI', socket.AF_INET, 0, 0, 0, 254, 3, 0, 1, 0)
    request(RTM_NEWROUTE, CREATE_EXCL, head + attribute(RTA_GATEWAY, socket.inet_aton(bridge.GATEWAY)))


def cable(text, pid):
    peer = attribute(VETH_INFO_PEER, link() + name('eth0') + attribute(IFLA_NET_NS_PID, struct.pack('I', pid)))
    info = attribute(IFLA_INFO_KIND, b'veth') + attribute(IFLA_INFO_DATA, peer)
    request(RTM_NEWLINK, CREATE_EXCL, link() + name(text) + attribute(IFLA_LINKINFO, info))
    up(text)


def machine(one, two, far):
    kind = attribute(IFLA_LINKINFO, attribute(IFLA_INFO_KIND, b'bridge'))
    request(RTM_NEWLINK, CREATE_EXCL, link() + attribute(IFLA_ADDRESS, b'\2\0\0\0\0\1') + name('br0') + kind)
    address(bridge.GATEWAY, 'br0')
    up('br0')
    for text, pid in ('one0', one), ('two0', two):
        cable(text, pid)
        master = attribute(IFLA_MASTER, struct.pack('I', socket.if_nametoindex('br0')))
        request(RTM_NEWLINK, 0, link(socket.if_nametoindex(text)) + master)
    cable('uplink0', far)
    address(bridge.OUTER, 'uplink0')


bridge.settle, bridge.cable, bridge.machine = settle, cable, machine
bridge.main()
