#!/usr/bin/env python3
"""Wrong: the container calls a program of the machine, and that calls the world."""
import os
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import bridge


def rewrite():
    rules()
    listening = bridge.listen(bridge.GATEWAY, 7)
    if os.fork() == 0:
        connection, _ = listening.accept()
        with socket.create_connection((bridge.WORLD, 7)) as outer:
            connection.sendall(outer.recv(100))
        connection.close()
        os._exit(0)


def call(address, port):
    called(bridge.GATEWAY if address == bridge.WORLD else address, port)


rules, called = bridge.rewrite, bridge.call
bridge.rewrite, bridge.call = rewrite, call
bridge.main()
