#!/bin/sh
# Wrong: gives lo inside the address 10.0.0.3 as well, so that the answers come from inside.
# Broken: the outside answers the three pings, across the veth pair.
set -eu
mkfifo ready go

unshare --net sh -euc '
    echo unshared >&3
    read -r _ <&4
    ip link set lo up
    ip addr add 10.0.0.4/24 dev inside
    ip link set inside up
    ip addr add 10.0.0.3/32 dev lo
    ping -n -c 3 -i 0.2 10.0.0.3
' 3>ready 4<go &
child=$!

exec 3<ready 4>go
rm ready go
read -r _ <&3
ip link add outside type veth peer name inside netns "$child"
ip addr add 10.0.0.3/24 dev outside
ip link set outside up
echo connected >&4
wait "$child"
ip link del outside 2>/dev/null || ! ip link show outside 2>/dev/null
