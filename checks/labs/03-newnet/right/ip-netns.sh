#!/bin/sh
# Right: lab 3 with ip-netns(8), which gives the namespace a name and so keeps it without a process.
set -eu

name=inner.$$
remove() {
    # The kernel removes the pair with the namespace, but some time later: if it is quicker, that is no failure.
    ip netns del "$name"
    ip link del outside 2>/dev/null || ! ip link show outside 2>/dev/null
    # ip-netns(8) bind-mounts this directory onto itself, and leaves it mounted.
    umount /run/netns
}

ip netns add "$name"
trap remove EXIT
ip link add outside type veth peer name inside netns "$name"
ip addr add 10.0.0.3/24 dev outside
ip link set outside up
ip -n "$name" link set lo up
ip -n "$name" addr add 10.0.0.4/24 dev inside
ip -n "$name" link set inside up
ip netns exec "$name" ping -n -c 3 -i 0.2 10.0.0.3
