#!/usr/bin/env python3
"""Wrong: the containers have a /32 each: nobody is in their network but themselves, and all is done by routes."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import bridge


def settle(address):
    bridge.run(f'ip address add {address}/32 dev eth0 && ip link set eth0 up')
    bridge.run('ip route add 10.9.0.0/24 dev eth0')
    bridge.run(f'ip route add default via {bridge.GATEWAY}')


bridge.settle = settle
bridge.main()
