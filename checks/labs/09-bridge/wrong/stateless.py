#!/usr/bin/env python3
"""Wrong: addresses are rewritten both ways by rules that remember nothing: it works, and it is no NAT of conntrack."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import bridge


def rewrite():
    bridge.run('nft add table ip own')
    for name, hook, priority in ('early', 'prerouting', -310), ('late', 'postrouting', 310):
        bridge.run(f"nft 'add chain ip own {name} {{ type filter hook {hook} priority {priority} ; }}'")
    outer, server, client = bridge.OUTER, bridge.SERVER, bridge.CLIENT
    for rule in (
        f'early ip daddr {outer} tcp dport 8080 ip daddr set {server} tcp dport set 80',
        f'early ip daddr {outer} ip daddr set {client}',
        f'late oifname uplink0 ip saddr {server} tcp sport 80 tcp sport set 8080 ip saddr set {outer}',
        f'late oifname uplink0 ip saddr {client} ip saddr set {outer}',
    ):
        bridge.run(f'nft add rule ip own {rule}')


bridge.rewrite = rewrite
bridge.main()
