#!/bin/sh
# Wrong: the outer end of the pair is in a third network, in which nobody is.
# Broken: 10.0.0.13 is where the shell's network was made from.
set -eu
mkfifo ready go
exec 5<&0
ip netns add third

unshare --pid --fork --net --mount --uts --ipc sh -euc '
    hostname myhost
    mount -t proc proc fs/proc
    echo unshared >&3
    read -r _ <&4
    ip addr add 10.0.0.15/24 dev inside
    ip link set inside up
    exec chroot fs /bin/sh -i 3>&- 4<&-
' <&5 3>ready 4<go &
child=$!

exec 3<ready 4>go
rm ready go
read -r _ <&3
ip link add outside netns third type veth peer name inside netns "$child"
ip -n third addr add 10.0.0.13/24 dev outside
ip -n third link set outside up
echo connected >&4
wait "$child"
ip netns del third
umount /run/netns
