#!/usr/bin/env python3
"""Right: the machine is the network in which the program was started; its NAT is in a table of family inet, by snat
instead of masquerade; and all is undone at the end."""
import os

import bridge


def rewrite():
    bridge.run('nft add table inet own')
    bridge.run("nft 'add chain inet own out { type nat hook postrouting priority srcnat ; }'")
    bridge.run(f"nft 'add rule inet own out ip saddr 10.9.0.0/24 oifname uplink0 snat ip to {bridge.OUTER}'")
    bridge.run("nft 'add chain inet own in { type nat hook prerouting priority dstnat ; }'")
    bridge.run(f"nft 'add rule inet own in iifname uplink0 tcp dport 8080 dnat ip to {bridge.SERVER}:80'")


PROGRAM, unshare = os.getpid(), bridge.unshare
bridge.unshare = lambda: None if os.getpid() == PROGRAM else unshare()
bridge.rewrite = rewrite
try:
    bridge.main()
finally:
    bridge.run('nft delete table inet own; ip link delete br0')
    bridge.run('ip link delete uplink0 2>/dev/null || true; ip link delete one0 2>/dev/null || true')
