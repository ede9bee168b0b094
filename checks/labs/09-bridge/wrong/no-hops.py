#!/usr/bin/env python3
"""Wrong: no packet is sent whose time runs out on the way."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import bridge

bridge.first_hop = lambda address: None
bridge.main()
