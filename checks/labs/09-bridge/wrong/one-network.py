#!/usr/bin/env python3
"""Wrong: both containers live in one network, and their addresses are on one interface."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'right'))
import bridge


def server_and_client():
    bridge.cabled.wait()
    bridge.settle(bridge.SERVER)
    bridge.run(f'ip address add {bridge.CLIENT}/24 dev eth0')
    listening = bridge.listen(bridge.SERVER, 80)
    bridge.served.open()
    if os.fork() == 0:
        bridge.may_call.wait()
        bridge.call(bridge.look_up('one', bridge.GATEWAY), 80)
        bridge.first_hop(bridge.WORLD)
        bridge.call(bridge.WORLD, 7)
        ended.open()
        os._exit(0)
    bridge.serve(listening)


def waiting():
    ended.wait()


def machine(one, two, far):
    bridge.run('ip link add br0 type bridge')
    bridge.run(f'ip address add {bridge.GATEWAY}/24 dev br0 && ip link set br0 up')
    bridge.cable('one0', one)
    bridge.run('ip link set one0 master br0')
    bridge.cable('uplink0', far)
    bridge.run(f'ip address add {bridge.OUTER}/24 dev uplink0')


ended = bridge.Gate()
bridge.server, bridge.client, bridge.machine = server_and_client, waiting, machine
bridge.main()
