#!/bin/sh
# Wrong: each side pings its own address, and the counters of both look as after a ping from one to the other.
# Broken: the echo requests go from inside to outside.
set -eu

mkfifo ready go
remove() {
    rm -f ready go
    # The kernel removes a dead namespace, and the pair with it, some time later: if it is quicker, that is no failure.
    ip link del outside 2>/dev/null || ! ip link show outside 2>/dev/null
}
trap remove EXIT

# Both descriptors are opened before unshare(1) starts: if it fails, the reader out here sees end of file.
unshare --net sh -euc '
    echo unshared >&3
    read -r _ <&4
    ip link set lo up
    ip addr add 10.0.0.4/24 dev inside
    ip link set inside up
    ping -n -c 3 -i 0.2 10.0.0.4
' 3>ready 4<go &
child=$!

# The same order on both sides, or each would wait in open(2) for the other.
exec 3<ready 4>go
read -r _ <&3
ip link add outside type veth peer name inside netns "$child"
ip addr add 10.0.0.3/24 dev outside
ip link set outside up
ping -n -c 3 -i 0.2 10.0.0.3
echo connected >&4
wait "$child"
