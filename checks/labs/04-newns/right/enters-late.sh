#!/bin/sh
# Right: the container waits, and its shell comes by nsenter(1), once, as docker exec brings one.
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
    echo connected >&3
    exec sleep 1000 3>&- 4<&-
' </dev/null 3>ready 4<go &
child=$!

exec 3<ready 4>go
rm ready go
read -r _ <&3
ip link add outside type veth peer name inside netns "$child"
ip addr add 10.0.0.13/24 dev outside
ip link set outside up
echo connected >&4
read -r _ <&3
first=$(cat "/proc/$child/task/$child/children")
first=${first% }
nsenter -t "$first" --pid --net --mount --uts --ipc chroot "$PWD/fs" /bin/sh -i <&5
kill -9 "$first"
wait "$child" || :
ip link del outside 2>/dev/null || ! ip link show outside 2>/dev/null
