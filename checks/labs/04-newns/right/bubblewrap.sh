#!/bin/sh
# Right: lab 4 with bwrap(1), which waits with its program until the pair stands.
set -eu

mkfifo info go
# What runs in the background reads from /dev/null unless it is told otherwise; and opened for both, neither fifo blocks.
exec 5<&0 6<>info 8<>go
rm info go
bwrap --unshare-pid --unshare-net --unshare-uts --unshare-ipc --hostname myhost --bind fs / --proc /proc \
    --dev-bind /dev /dev --chdir / --as-pid-1 --info-fd 6 --block-fd 8 /bin/sh -i <&5 &
runtime=$!
child=
until [ -n "$child" ]; do
    read -r line <&6
    case $line in *child-pid*) child=$(echo "$line" | tr -dc 0-9) ;; esac
done

ip link add outside type veth peer name inside netns "$child"
ip addr add 10.0.0.13/24 dev outside
ip link set outside up
nsenter -t "$child" -n ip addr add 10.0.0.15/24 dev inside
nsenter -t "$child" -n ip link set inside up
echo connected >&8
wait "$runtime"
# The kernel removes a dead namespace, and the pair with it, some time later: if it is quicker, that is no failure.
ip link del outside 2>/dev/null || ! ip link show outside 2>/dev/null
