#!/usr/bin/env python3
"""Right: each pair is made whole here; then one end moves to where it belongs, and gets its name there."""
import bridge


def cable(name, pid):
    bridge.run(f'ip link add {name} type veth peer name far && ip link set far netns {pid}')
    bridge.run(f'nsenter --net=/proc/{pid}/ns/net ip link set far name eth0 && ip link set {name} up')


bridge.cable = cable
bridge.main()
