#!/usr/bin/env python3
"""Wrong: a rule hides from both sides that somebody forwards, by setting the time to live anew."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import bridge


def rewrite():
    rules()
    bridge.run("nft 'add chain ip lab9 late { type filter hook postrouting priority -150 ; }'")
    bridge.run('nft add rule ip lab9 late ip ttl set 64')


rules = bridge.rewrite
bridge.rewrite = rewrite
bridge.main()
