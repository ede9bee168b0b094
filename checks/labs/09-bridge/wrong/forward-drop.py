#!/usr/bin/env python3
"""Wrong: a firewall on the machine drops all that is forwarded. (Between ports of the bridge nothing is forwarded.)"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import bridge


def rewrite():
    rules()
    bridge.run('sysctl -qe net.bridge.bridge-nf-call-iptables=0 || true')
    bridge.run("nft 'add chain ip lab9 passing { type filter hook forward priority 0 ; policy drop ; }'")


rules = bridge.rewrite
bridge.HOPELESS = {bridge.WORLD, bridge.OUTER}
bridge.rewrite = rewrite
bridge.main()
