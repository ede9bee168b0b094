#!/bin/sh
# Right: lab 4 with unshare(1), which makes its mounts private by itself, ip(8) and chroot(8).
set -eu

mkfifo ready go
# What runs in the background reads from /dev/null unless it is told otherwise.
exec 5<&0
unshare --pid --fork --net --mount --uts --ipc sh -euc '
    hostname myhost
    mount -t proc proc fs/proc
    echo unshared >&3
    read -r _ <&4
    ip link set lo up
    ip addr add 10.0.0.15/24 dev inside
    ip link set inside up
    exec chroot fs /bin/sh -i 3>&- 4<&-
' <&5 3>ready 4<go &
child=$!

# The same order on both sides, or each would wait in open(2) for the other.
exec 3<ready 4>go
rm ready go
read -r _ <&3
# unshare(1) itself has moved into the new network: only its PID namespace is still the old one.
ip link add outside type veth peer name inside netns "$child"
ip addr add 10.0.0.13/24 dev outside
ip link set outside up
echo connected >&4
wait "$child"
# The kernel removes a dead namespace, and the pair with it, some time later: if it is quicker, that is no failure.
ip link del outside 2>/dev/null || ! ip link show outside 2>/dev/null
