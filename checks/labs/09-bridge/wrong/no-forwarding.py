#!/usr/bin/env python3
"""Wrong: the machine does not forward."""
import os
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import bridge


def forward():
    with open('/proc/sys/net/ipv4/ip_forward', 'w') as setting:
        setting.write('0')


def first_hop(address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 1)
        probe.sendto(b'hop', (address, 33434))


bridge.HOPELESS = {bridge.WORLD, bridge.OUTER}
bridge.forward, bridge.first_hop = forward, first_hop
bridge.main()
