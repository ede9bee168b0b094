#!/usr/bin/env python3
"""Wrong: there are no rules that rewrite; conntrack(8) writes the two connections into the kernel's memory by hand."""
import os
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import bridge


def rewrite():
    rules()
    bridge.run('nft flush chain ip lab9 leaving; nft flush chain ip lab9 arriving')
    common = '-I -p tcp --state SYN_SENT -t 120 -u UNSET'
    there = f'-s {bridge.CLIENT} -d {bridge.WORLD} --sport 5001 --dport 7 --reply-port-src 7 --reply-port-dst 5001'
    bridge.run(f'conntrack {common} {there} --reply-src {bridge.WORLD} --reply-dst {bridge.OUTER} --src-nat {bridge.OUTER}')
    back = f'-s {bridge.WORLD} -d {bridge.OUTER} --sport 5002 --dport 8080 --reply-port-src 80 --reply-port-dst 5002'
    bridge.run(f'conntrack {common} {back} --reply-src {bridge.SERVER} --reply-dst {bridge.WORLD} --dst-nat {bridge.SERVER}:80')


def call(address, port):
    own = {bridge.WORLD: 5001, bridge.OUTER: 5002}.get(address, 0)
    try:
        with socket.create_connection((address, port), timeout=15, source_address=('', own)) as connection:
            print(connection.recv(100))
    except OSError as error:
        print(error)


rules = bridge.rewrite
bridge.rewrite, bridge.call = rewrite, call
bridge.main()
