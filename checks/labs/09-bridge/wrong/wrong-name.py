#!/usr/bin/env python3
"""Wrong: the resolver answers with the address of whoever asks."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import bridge


def resolve(resolver):
    bridge.SERVER = bridge.CLIENT
    answered(resolver)


def look_up(name, server):
    asked(name, server)
    return bridge.SERVER


answered, asked = bridge.resolve, bridge.look_up
bridge.resolve, bridge.look_up = resolve, look_up
bridge.main()
