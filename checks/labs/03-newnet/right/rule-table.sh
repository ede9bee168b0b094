#!/bin/sh
# Right: the way there is in a routing table of its own, to which a rule leads; the way back is the default route.
set -eu

mkfifo ready go
unshare --net sh -euc '
    echo unshared >&3
    read -r _ <&4
    ip addr add 10.0.0.4/32 dev inside
    ip link set inside up
    ip route add 10.0.0.3/32 dev inside src 10.0.0.4 table 100
    ip rule add to 10.0.0.3 lookup 100
    ping -q -c 3 -i 0.05 10.0.0.3' 3>ready 4<go &
child=$!
exec 3<ready 4>go
rm ready go
read -r _ <&3
ip link add outside type veth peer name inside netns "$child"
ip addr add 10.0.0.3/32 dev outside
ip link set outside up
ip route add default dev outside
echo connected >&4
wait "$child"
# The kernel removes a dead namespace, and the pair with it, some time later: if it is quicker, that is no failure.
ip link del outside 2>/dev/null || ! ip link show outside 2>/dev/null
