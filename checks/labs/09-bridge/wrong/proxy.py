#!/usr/bin/env python3
"""Wrong: a program of the machine takes what comes to the published port and makes a connection of its own."""
import os
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import bridge


def rewrite():
    rules()
    bridge.run('nft flush chain ip lab9 arriving')
    listening = bridge.listen(bridge.OUTER, 8080)
    if os.fork() == 0:
        connection, _ = listening.accept()
        with socket.create_connection((bridge.SERVER, 80)) as inner:
            connection.sendall(inner.recv(100))
        connection.close()
        os._exit(0)


rules = bridge.rewrite
bridge.rewrite = rewrite
bridge.main()
