#!/bin/sh
# Wrong: no veth pair: the addresses are on lo, and that outside is taken off at the end.
# Broken: the addresses are on a veth pair.
set -eu
mkfifo ready go
exec 5<&0

unshare --pid --fork --net --mount --uts --ipc sh -euc '
    hostname myhost
    mount -t proc proc fs/proc
    echo unshared >&3
    read -r _ <&4
    ip link set lo up
    ip addr add 10.0.0.15/24 dev lo
    exec chroot fs /bin/sh -i 3>&- 4<&-
' <&5 3>ready 4<go &
child=$!

exec 3<ready 4>go
rm ready go
read -r _ <&3
ip link set lo up
ip addr add 10.0.0.13/24 dev lo
echo connected >&4
wait "$child"
ip addr del 10.0.0.13/24 dev lo
