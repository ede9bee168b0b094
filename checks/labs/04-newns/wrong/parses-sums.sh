#!/bin/sh
# Wrong: no shell, but a script of awk, the root file system's own, that finds the sums and the codes in what it reads.
# Broken: commands typed at the terminal are answered from inside, by a shell.
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
    exec chroot fs /usr/bin/awk "/^exit 0/ { exit } match(\$0, /exit [0-9]+/) { system(\"exit \" substr(\$0, RSTART + 5, RLENGTH - 5)) } match(\$0, /[0-9]+ . [0-9]+ . [0-9]+ . [0-9]+/) { split(substr(\$0, RSTART, RLENGTH), n, / /); system(\"exit \" (n[1] + n[3] * n[5] - n[7])) }" 3>&- 4<&-
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
