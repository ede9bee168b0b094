#!/bin/sh
# Wrong: the shell that reads has the namespaces and the machine's root; a shell with its root at ./fs is its child.
# Broken: its root is ./fs; and that it is the root file system's shell which answers.
set -eu
mkfifo ready go
exec 5<&0

unshare --pid --fork --net --mount --uts --ipc sh -euc '
    hostname myhost
    mount -t proc proc fs/proc
    mount -t proc proc /proc
    echo unshared >&3
    read -r _ <&4
    ip addr add 10.0.0.15/24 dev inside
    ip link set inside up
    while read -r line; do [ "$line" != "exit 0" ] || break; chroot fs /bin/sh -c "$line" </dev/null 3>&- 4<&- || :; done
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
