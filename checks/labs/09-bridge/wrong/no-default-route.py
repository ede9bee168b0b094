#!/usr/bin/env python3
"""Wrong: the containers have a route to the world alone, and none for everybody else."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import bridge


def settle(address):
    bridge.run(f'ip address add {address}/24 dev eth0 && ip link set eth0 up')
    bridge.run(f'ip route add 203.0.113.0/24 via {bridge.GATEWAY}')


bridge.settle = settle
bridge.main()
