#!/usr/bin/env python3
"""Right: at first nothing is rewritten or forwarded, and whoever calls gets no answer; then the rules come, and they do."""
import socket

import bridge


def rewrite():
    bridge.run('sysctl -q net.ipv4.ip_forward=0')


def client():
    bridge.cabled.wait()
    bridge.settle(bridge.CLIENT)
    bridge.may_call.wait()
    try:
        socket.create_connection((bridge.WORLD, 7), timeout=0.2)
    except TimeoutError:
        print('no answer yet', flush=True)
    tried.open()
    repaired.wait()
    bridge.call(bridge.look_up('one', bridge.GATEWAY), 80)
    bridge.first_hop(bridge.WORLD)
    bridge.call(bridge.WORLD, 7)


def resolve(resolver):
    tried.wait()
    forward()
    rules()
    repaired.open()
    answer(resolver)


tried, repaired = bridge.Gate(), bridge.Gate()
forward, rules, answer = bridge.forward, bridge.rewrite, bridge.resolve
bridge.forward, bridge.client, bridge.resolve = lambda: None, client, resolve
bridge.rewrite = lambda: bridge.run('echo 0 >/proc/sys/net/ipv4/ip_forward')
bridge.main()
