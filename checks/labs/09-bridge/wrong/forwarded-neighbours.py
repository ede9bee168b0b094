#!/usr/bin/env python3
"""Wrong: there is a bridge, but its ports are isolated, and the machine forwards what goes from one to the other."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import bridge


def machine(one, two, far):
    laid(one, two, far)
    for name in 'one0', 'two0':
        bridge.run(f'ip link set {name} type bridge_slave isolated on')
    bridge.run('echo 1 >/proc/sys/net/ipv4/conf/br0/proxy_arp; echo 1 >/proc/sys/net/ipv4/conf/br0/proxy_arp_pvlan')
    bridge.run('echo 0 >/proc/sys/net/ipv4/conf/all/send_redirects; echo 0 >/proc/sys/net/ipv4/conf/br0/send_redirects')


laid = bridge.machine
bridge.machine = machine
bridge.main()
