#!/bin/sh
# Right: a user namespace and a cgroup namespace besides, as a runtime without root has; and proc hides what others do.
set -eu

mkfifo ready go
exec 5<&0
unshare --user --map-root-user --cgroup --pid --fork --net --mount --uts --ipc sh -euc '
    hostname myhost
    mount -t proc -o nosuid,nodev,noexec proc fs/proc
    echo unshared >&3
    read -r _ <&4
    ip link set lo up
    ip addr add 10.0.0.15/24 dev inside
    ip link set inside up
    exec chroot fs /bin/sh -i 3>&- 4<&-
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
