#!/bin/sh
# Right: it is the program itself that leaves for a new network, twice, and a child of it that has stayed outside.
set -eu

if [ "${1-}" = "" ]; then
    mkfifo ready go
    trap 'rm -f ready go' EXIT
    (
        exec 3<ready 4>go
        read -r inside <&3
        ip link add outside type veth peer name inside netns "$inside"
        ip addr add 10.0.0.3/24 dev outside
        ip link set outside up
        echo connected >&4
        read -r _ <&3
        # The kernel takes a dead namespace apart in its own time, and the pair with it: losing that race is no failure.
        ip link del outside 2>/dev/null || ! ip link show outside 2>/dev/null
    ) &
    exec 5>ready 6<go
    unshare --net unshare --net "$0" inside
    echo pinged >&5
    wait "$!"
    exit
fi
echo $$ >&5
read -r _ <&6
ip addr add 10.0.0.4/24 dev inside
ip link set inside up
ping -n -c 3 -i 0.2 10.0.0.3
