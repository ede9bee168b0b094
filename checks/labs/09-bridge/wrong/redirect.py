#!/usr/bin/env python3
"""Wrong: a rule redirects the published port to a program of the machine, which makes a connection of its own."""
import os
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import bridge


def rewrite():
    rules()
    bridge.run('nft flush chain ip lab9 arriving')
    bridge.run('nft add rule ip lab9 arriving tcp dport 8080 redirect to :9090')
    listening = bridge.listen('0.0.0.0', 9090)
    if os.fork() == 0:
        connection, _ = listening.accept()
        with socket.create_connection((bridge.SERVER, 80)) as inner:
            connection.sendall(inner.recv(100))
        connection.close()
        os._exit(0)


rules = bridge.rewrite
bridge.rewrite = rewrite
bridge.main()
