#!/bin/sh
# Right: a mount alone keeps the network, and each command in there is a process of its own: between two of them nobody lives
# inside.
set -eu

touch net
unshare --net=net true
inside() {
    nsenter --net=net "$@"
}
inside ip link add inner type veth peer name outer netns $$
inside ip addr add 10.0.0.4/24 dev inner
inside ip link set inner up
ip addr add 10.0.0.3/24 dev outer
ip link set outer up
for _ in 1 2 3; do
    inside ping -q -c 1 10.0.0.3
done
ip link del outer
umount net
rm net
