#!/usr/bin/env python3
"""Right: the world has an address of the internet on its lo, and a rule leads port 53 of the bridge to another one."""
import os
import signal
import socket

import bridge

INTERNET, NAMES = '198.18.0.1', 5353
rules = bridge.rewrite
first_hop = bridge.first_hop
call = bridge.call


class Resolver(socket.socket):
    def bind(self, address):
        super().bind((address[0], NAMES) if address[1] == 53 else address)


def rewrite():
    rules()
    bridge.run(f"nft 'add rule ip lab9 arriving udp dport 53 redirect to :{NAMES}'")
    bridge.run(f'ip route add {INTERNET} via {bridge.WORLD}')
    bridge.socket.socket = Resolver


def client():
    bridge.cabled.wait()
    bridge.settle(bridge.CLIENT)
    bridge.may_call.wait()
    call(bridge.look_up('one', bridge.GATEWAY), 80)
    first_hop(INTERNET)
    call(INTERNET, 7)


def world():
    bridge.cabled.wait()
    bridge.run(f'ip address add {INTERNET}/32 dev lo && ip link set lo up')
    bridge.run(f'ip address add {bridge.WORLD}/24 dev eth0 && ip link set eth0 up')
    listening = bridge.listen(INTERNET, 7)
    answering = os.fork()
    if answering == 0:
        bridge.serve(listening)
    bridge.out_there.open()
    bridge.published.wait()
    call(bridge.OUTER, 8080)
    os.kill(answering, signal.SIGKILL)
    os.waitpid(answering, 0)


bridge.rewrite = rewrite
bridge.client = client
bridge.world = world
bridge.main()
