#!/bin/sh
# Right: the child's network belongs to a user namespace of its own.
set -eu

mkfifo ready go
trap 'rm -f ready go' EXIT
unshare --user --map-root-user --net sh -euc '
    echo unshared >&3
    read -r _ <&4
    ip addr add 10.0.0.4/24 dev inside
    ip link set inside up
    ping -n -c 3 -i 0.2 10.0.0.3
' 3>ready 4<go &
child=$!

exec 3<ready 4>go
read -r _ <&3
ip link add outside type veth peer name inside netns "$child"
ip addr add 10.0.0.3/24 dev outside
ip link set outside up
echo connected >&4
wait "$child"
ip link del outside 2>/dev/null || ! ip link show outside 2>/dev/null
