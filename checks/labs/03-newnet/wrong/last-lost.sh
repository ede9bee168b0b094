#!/bin/sh
# Wrong: three requests are answered, and a fourth is not: by then the outer end has lost its address.
# Broken: no echo request was lost.
set -eu

mkfifo ready go
unshare --net sh -euc '
    echo unshared >&3
    read -r _ <&4
    ip addr add 10.0.0.4/24 dev inside
    ip link set inside up
    ping -q -c 3 -i 0.05 10.0.0.3
    echo pinged >&3
    read -r _ <&4
    ping -q -c 1 -W 1 10.0.0.3 || :' 3>ready 4<go &
child=$!
exec 3<ready 4>go
rm ready go
read -r _ <&3
ip link add outside type veth peer name inside netns "$child"
ip addr add 10.0.0.3/24 dev outside
ip link set outside up
echo connected >&4
read -r _ <&3
ip addr del 10.0.0.3/24 dev outside
echo taken >&4
wait "$child"
ip link del outside 2>/dev/null || ! ip link show outside 2>/dev/null
