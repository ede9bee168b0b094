#!/usr/bin/env python3
"""Wrong: both containers have one address."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import bridge

bridge.CLIENT = bridge.SERVER
bridge.HOPELESS = {bridge.SERVER, bridge.OUTER}
bridge.main()
