#!/bin/sh
# Wrong: both addresses are on veth pairs and up, but on two: one outside, one inside.
# Broken: the addresses are on the two ends of one pair.
set -eu
mkfifo ready go
exec 5<&0

unshare --pid --fork --net --mount --uts --ipc sh -euc '
    hostname myhost
    mount -t proc proc fs/proc
    echo unshared >&3
    read -r _ <&4
    ip link set lo up
    ip link add inside type veth peer name spare
    ip addr add 10.0.0.15/24 dev inside
    ip link set inside up
    ip link set spare up
    exec chroot fs /bin/sh -i 3>&- 4<&-
' <&5 3>ready 4<go &
child=$!

exec 3<ready 4>go
rm ready go
read -r _ <&3
ip link add outside type veth peer name spare
ip addr add 10.0.0.13/24 dev outside
ip link set outside up
ip link set spare up
echo connected >&4
wait "$child"
ip link del outside 2>/dev/null || ! ip link show outside 2>/dev/null
