#!/usr/bin/env python3
"""Wrong: nothing rewrites the source: instead the world, which knows nothing of containers elsewhere, gets a route to them."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import bridge


def rewrite():
    rules()
    bridge.run('nft flush chain ip lab9 leaving')


def settle_world(address, port):
    if address == bridge.WORLD:
        bridge.run(f'ip route add 10.9.0.0/24 via {bridge.OUTER}')
    return listen(address, port)


listen, rules = bridge.listen, bridge.rewrite
bridge.listen, bridge.rewrite = settle_world, rewrite
bridge.main()
