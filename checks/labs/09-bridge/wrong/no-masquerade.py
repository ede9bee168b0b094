#!/usr/bin/env python3
"""Wrong: nothing rewrites the source, and the world knows no way back."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import bridge


def rewrite():
    rules()
    bridge.run('nft flush chain ip lab9 leaving')


rules = bridge.rewrite
bridge.HOPELESS = {bridge.WORLD}
bridge.rewrite = rewrite
bridge.main()
