#!/usr/bin/env python3
"""Wrong: both are ports of the bridge, and what goes from one to the other takes a cable of its own."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import bridge


def machine(one, two, far):
    laid(one, two, far)
    bridge.run(f'ip link add direct0 netns {one} type veth peer name direct0 netns {two}')


def settle(address):
    settled(address)
    other = bridge.CLIENT if address == bridge.SERVER else bridge.SERVER
    bridge.run(f'ip link set direct0 up && ip route add {other}/32 dev direct0 src {address}')


laid, settled = bridge.machine, bridge.settle
bridge.machine, bridge.settle = machine, settle
bridge.main()
