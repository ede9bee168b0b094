#!/usr/bin/env python3
"""Right: the bridge has two addresses, and a default route has both of them as its hops."""
import bridge


def settle(address):
    bridge.run(f'ip address add {address}/24 dev eth0 && ip link set lo up && ip link set eth0 up')
    bridge.run(f'ip route add default nexthop via {bridge.GATEWAY} nexthop via {SECOND}')


def machine(one, two, far):
    laid(one, two, far)
    bridge.run(f'ip address add {SECOND}/24 dev br0')


SECOND = '10.9.0.254'
laid = bridge.machine
bridge.settle, bridge.machine = settle, machine
bridge.main()
