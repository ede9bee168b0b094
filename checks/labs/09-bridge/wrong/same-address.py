#!/usr/bin/env python3
"""Wrong: both containers have one address. The machine has been told whose it is, so it is always the second one's."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import bridge

HARDWARE = {'one0': '02:00:00:00:00:02', 'two0': '02:00:00:00:00:03', 'uplink0': '02:00:00:00:00:07'}


def cable(name, pid):
    bridge.run(f'ip link add {name} type veth peer name eth0 address {HARDWARE[name]} netns {pid}')
    bridge.run(f'ip link set {name} up')


def machine(one, two, far):
    laid(one, two, far)
    # With an address of its own the bridge keeps what it was told when a port goes; else it takes that of another port.
    bridge.run('ip link set br0 address 02:00:00:00:00:01')
    bridge.run(f'ip neighbour replace {bridge.SERVER} lladdr {HARDWARE["two0"]} dev br0 nud permanent')


laid = bridge.machine
bridge.CLIENT = bridge.SERVER
bridge.HOPELESS = {bridge.SERVER, bridge.OUTER}
bridge.cable, bridge.machine = cable, machine
bridge.main()
