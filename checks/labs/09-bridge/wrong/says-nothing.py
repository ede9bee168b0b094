#!/usr/bin/env python3
"""Wrong: whoever is called accepts and closes, without a word."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import bridge


def serve(listening):
    while True:
        listening.accept()[0].close()


bridge.serve = serve
bridge.main()
