#!/usr/bin/env python3
"""Wrong: the target is rewritten without the kernel remembering it, so the answer comes from another address."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import bridge


def rewrite():
    rules()
    bridge.run('nft flush chain ip lab9 arriving')
    bridge.run("nft 'add chain ip lab9 early { type filter hook prerouting priority -310 ; }'")
    match = f'ip daddr {bridge.OUTER} tcp dport 8080'
    bridge.run(f'nft add rule ip lab9 early {match} notrack ip daddr set {bridge.SERVER} tcp dport set 80')
    bridge.run(f'nft add rule ip lab9 early ip saddr {bridge.SERVER} tcp sport 80 notrack')


def listen(address, port):
    if address == bridge.WORLD:
        bridge.run(f'ip route add 10.9.0.0/24 via {bridge.OUTER}')
    return listened(address, port)


rules, listened = bridge.rewrite, bridge.listen
bridge.HOPELESS = {bridge.OUTER}
bridge.rewrite, bridge.listen = rewrite, listen
bridge.main()
