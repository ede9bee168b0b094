#!/bin/sh
# Wrong: the root is an overlay, with ./fs for its lower directory.
# Broken: its root is ./fs.
set -eu

mkfifo ready go
exec 5<&0
unshare --pid --fork --net --mount --uts --ipc sh -euc '
    hostname myhost
    mkdir layers
    mount -t tmpfs none layers
    mkdir layers/upper layers/work layers/root
    mount -t overlay -o lowerdir=fs,upperdir=layers/upper,workdir=layers/work none layers/root
    mount -t proc proc layers/root/proc
    echo unshared >&3
    read -r _ <&4
    ip link set lo up
    ip addr add 10.0.0.15/24 dev inside
    ip link set inside up
    exec chroot layers/root /bin/sh -i 3>&- 4<&-
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
