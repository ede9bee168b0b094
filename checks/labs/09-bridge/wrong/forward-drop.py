#!/usr/bin/env python3
"""Wrong: a firewall on the machine drops all that is forwarded. (Between ports of the bridge nothing is forwarded.)"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import bridge


def rewrite():
    rules()
    if os.path.exists(FILTERED):
        with open(FILTERED, 'w') as setting:
            setting.write('0')
    bridge.run("nft 'add chain ip lab9 passing { type filter hook forward priority 0 ; policy drop ; }'")


# Whether the firewall sees what the bridge itself passes on; it is there where br_netfilter is loaded.
FILTERED = '/proc/sys/net/bridge/bridge-nf-call-iptables'
rules = bridge.rewrite
bridge.HOPELESS = {bridge.WORLD, bridge.OUTER}
bridge.rewrite = rewrite
bridge.main()
