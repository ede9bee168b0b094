#!/bin/sh
# Right: each request is 5000 bytes long, and so travels in four pieces, as does its reply; and an IP option comes with it.
set -eu

mkfifo ready go
unshare --net sh -euc '
    echo unshared >&3
    read -r _ <&4
    ip addr add 10.0.0.4/29 dev inside
    ip link set inside name eth0
    ip link set eth0 up
    ping -s 5000 -T tsonly -q -c 3 -i 0.05 10.0.0.3' 3>ready 4<go &
child=$!
exec 3<ready 4>go
rm ready go
read -r _ <&3
ip link add outside type veth peer name inside netns "$child"
ip addr add 10.0.0.3/29 dev outside
ip link set outside up
echo connected >&4
wait "$child"
# The kernel removes a dead namespace, and the pair with it, some time later: if it is quicker, that is no failure.
ip link del outside 2>/dev/null || ! ip link show outside 2>/dev/null
