#!/usr/bin/env python3
"""Wrong: the world is a port of the bridge as well: a neighbour, to whom nobody forwards anything."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import bridge


def machine(one, two, far):
    laid(one, two, far)
    bridge.run(f'ip address add {bridge.OUTER}/24 dev br0; ip link set uplink0 master br0')


laid = bridge.machine
bridge.HOPELESS = {bridge.WORLD, bridge.OUTER}
bridge.machine = machine
bridge.main()
