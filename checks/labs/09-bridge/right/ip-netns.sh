#!/bin/sh
# Right: ip-netns(8) gives every network a name, iptables(8) writes the rules, and the talking is left to bridge.py.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
talk() {
    where=$1
    shift
    exec ip netns exec "$where.$$" python3 -Bc "import sys; sys.path.insert(0, '$here'); from bridge import *; $*"
}
await() {
    until ip netns exec "$1.$$" python3 -Bc "import socket; socket.create_connection(('$2', $3))" 2>/dev/null; do :; done
}
names='machine one two world'
remove() {
    kill $talking 2>/dev/null || true
    wait $talking 2>/dev/null || true
    for name in $names; do ip netns del "$name.$$"; done
    # ip-netns(8) bind-mounts this directory onto itself, and leaves it mounted.
    umount /run/netns
}
talking=
for name in $names; do ip netns add "$name.$$"; done
trap remove EXIT

on() { ip netns exec "machine.$$" "$@"; }
on ip link add br0 type bridge
on ip address add 10.9.0.1/24 dev br0
on ip link set br0 up
number=2
for name in one two; do
    on ip link add "$name" type veth peer name eth0 netns "$name.$$"
    on ip link set "$name" master br0 up
    ip -n "$name.$$" address add "10.9.0.$number/24" dev eth0
    ip -n "$name.$$" link set eth0 up
    ip -n "$name.$$" route add default via 10.9.0.1
    number=$((number + 1))
done
on ip link add uplink type veth peer name eth0 netns "world.$$"
on ip address add 203.0.113.1/24 dev uplink
on ip link set uplink up
ip -n "world.$$" address add 203.0.113.7/24 dev eth0
for link in lo eth0; do ip -n "world.$$" link set "$link" up; done
ip -n "one.$$" link set lo up

on sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
on iptables-nft -t nat -A POSTROUTING -s 10.9.0.0/24 ! -o br0 -j MASQUERADE
on iptables-nft -t nat -A PREROUTING -i uplink -p tcp --dport 8080 -j DNAT --to-destination 10.9.0.2:80

talk one "serve(listen('10.9.0.2', 80))" &
talking="$talking $!"
talk world "serve(listen('203.0.113.7', 7))" &
talking="$talking $!"
talk machine "resolver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); resolver.bind(('10.9.0.1', 53)); resolve(resolver)" &
talking="$talking $!"
await one 10.9.0.2 80
await world 203.0.113.7 7
(talk two "call(look_up('one', '10.9.0.1'), 80); first_hop('203.0.113.7'); call('203.0.113.7', 7)")
(talk world "call('203.0.113.1', 8080)")
