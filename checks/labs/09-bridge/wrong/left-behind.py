#!/usr/bin/env python3
"""Wrong: the machine is the network in which the program was started, and the bridge is left there."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import bridge

PROGRAM, unshare = os.getpid(), bridge.unshare
bridge.unshare = lambda: None if os.getpid() == PROGRAM else unshare()
bridge.main()
