#!/bin/sh
# Wrong: the shell is made in one more PID namespace than the one whose proc is mounted.
# Broken: /proc inside shows its own PID namespace.
set -eu
mkfifo ready go
exec 5<&0

unshare --pid --fork --net --mount --uts --ipc sh -euc '
    hostname myhost
    mount -t proc proc fs/proc
    echo unshared >&3
    read -r _ <&4
    ip addr add 10.0.0.15/24 dev inside
    ip link set inside up
    exec unshare --pid --fork chroot fs /bin/sh -i 3>&- 4<&-
' <&5 3>ready 4<go &
child=$!

exec 3<ready 4>go
rm ready go
read -r _ <&3
ip link add outside type veth peer name inside netns "$child"
ip addr add 10.0.0.13/24 dev outside
ip link set outside up
echo connected >&4
wait "$child"
ip link del outside 2>/dev/null || ! ip link show outside 2>/dev/null
