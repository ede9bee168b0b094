#!/bin/sh
# Wrong: the end outside has no address, and that the pings fail goes unnoticed.
# Broken: outside has 10.0.0.3, and three pings are answered.
set -eu
mkfifo ready go

unshare --net sh -euc '
    echo unshared >&3
    read -r _ <&4
    ip link set lo up
    ip addr add 10.0.0.4/24 dev inside
    ip link set inside up
    ping -n -c 3 -i 0.2 -W 1 10.0.0.3 || true
' 3>ready 4<go &
child=$!

exec 3<ready 4>go
rm ready go
read -r _ <&3
ip link add outside type veth peer name inside netns "$child"
ip link set outside up
echo connected >&4
wait "$child"
ip link del outside 2>/dev/null || ! ip link show outside 2>/dev/null
