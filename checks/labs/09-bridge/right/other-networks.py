#!/usr/bin/env python3
"""Right: a bridge for a /16 with another name, a third container, and a world in 198.18.0.0/15."""
import bridge


def settle(address):
    bridge.run(f'ip address add {address}/16 dev eth0 && ip link set eth0 up')
    bridge.run(f'ip route add default via {bridge.GATEWAY} dev eth0')


def third():
    bridge.cabled.wait()
    settle('172.18.5.9')
    may_leave.wait()


def machine(one, two, far):
    # Without one of its own a bridge has the lowest of its ports' addresses, and another one when the third port goes.
    bridge.run('ip link add cni0 address 02:00:00:00:00:09 type bridge')
    bridge.run(f'ip address add {bridge.GATEWAY}/16 dev cni0 && ip link set cni0 up')
    for name, pid in ('vethone', one), ('vethtwo', two), ('vetht3', bridge.start(third)):
        bridge.cable(name, pid)
        bridge.run(f'ip link set {name} master cni0')
    bridge.cable('wan', far)
    bridge.run(f'ip address add {bridge.OUTER}/24 dev wan')
    bridge.cabled.open()


def rewrite():
    bridge.run('nft add table ip nat')
    bridge.run("nft 'add chain ip nat out { type nat hook postrouting priority 100 ; }'")
    bridge.run('nft add rule ip nat out oifname wan masquerade')
    bridge.run("nft 'add chain ip nat in { type nat hook prerouting priority -100 ; }'")
    bridge.run(f'nft add rule ip nat in iifname wan tcp dport 8080 dnat to {bridge.SERVER}:80')
    may_leave.open()


may_leave = bridge.Gate()
bridge.SERVER, bridge.CLIENT, bridge.GATEWAY = '172.18.5.7', '172.18.200.1', '172.18.0.1'
bridge.OUTER, bridge.WORLD = '198.18.0.1', '198.18.0.77'
bridge.settle, bridge.machine, bridge.rewrite = settle, machine, rewrite
bridge.main()
