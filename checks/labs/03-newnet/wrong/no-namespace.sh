#!/bin/sh
# Wrong: no new network namespace: both ends are outside, and the kernel answers over lo.
# Broken: a child lives in a new network namespace.
set -eu
mkfifo ready go

sh -euc '
    echo unshared >&3
    read -r _ <&4
    ip addr add 10.0.0.4/24 dev inside
    ip link set inside up
    ping -n -c 3 -i 0.2 10.0.0.3
' 3>ready 4<go &
child=$!

exec 3<ready 4>go
rm ready go
read -r _ <&3
ip link set lo up
ip link add outside type veth peer name inside
ip addr add 10.0.0.3/24 dev outside
ip link set outside up
echo connected >&4
wait "$child"
ip link del outside 2>/dev/null || ! ip link show outside 2>/dev/null
