#!/bin/sh
# Wrong: the proc is the machine's, with the directory of the new PID 1 bound over that of process 1.
# Broken: /proc inside shows its own PID namespace.
set -eu
mkfifo ready go
exec 5<&0

unshare --pid --fork --net --mount --uts --ipc sh -euc '
    hostname myhost
    mount --bind /proc fs/proc
    echo unshared >&3
    read -r first <&4
    mount --bind "/proc/$first" fs/proc/1
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
first=$(cat "/proc/$child/task/$child/children")
echo "${first% }" >&4
wait "$child"
ip link del outside 2>/dev/null || ! ip link show outside 2>/dev/null
