#!/usr/bin/env python3
"""Wrong: no bridge: each container has a cable and a route of its own, and the machine answers for everybody (proxy_arp)."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import bridge


def machine(one, two, far):
    for name, pid, address in ('one0', one, bridge.SERVER), ('two0', two, bridge.CLIENT):
        bridge.cable(name, pid)
        bridge.run(f'ip address add {bridge.GATEWAY}/32 dev {name} && ip route add {address}/32 dev {name}')
        bridge.run(f'echo 1 >/proc/sys/net/ipv4/conf/{name}/proxy_arp')
    bridge.cable('uplink0', far)
    bridge.run(f'ip address add {bridge.OUTER}/24 dev uplink0')


bridge.machine = machine
bridge.main()
