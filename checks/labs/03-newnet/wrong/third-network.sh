#!/bin/sh
# Wrong: a third network answers the inside and pings the outside; the pair with the addresses stands there unused.
# Broken: echo requests go from inside to outside.
set -e

mkfifo go done
trap 'rm go done' EXIT
unshare --net sleep 100 &
third=$!
unshare --net sh -ec '
    read -r _ <go
    ping -q -c 4 -i 0.2 10.9.0.2 >&2
    ip link del t0
    echo >done
    read -r _ <go
' &
inner=$!
while [ "$(readlink /proc/$third/ns/net)" = "$(readlink /proc/self/ns/net)" ] ||
    [ "$(readlink /proc/$inner/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do sleep 0.02; done

# The third network pings the outside over a pair of its own.
ip link add o0 type veth peer name o1 netns "$third"
ip addr add 10.8.0.1/24 dev o0
ip link set o0 up
nsenter -t "$third" -n sh -ec 'ip addr add 10.8.0.2/24 dev o1; ip link set o1 up; ping -q -c 4 -i 0.2 10.8.0.1 >&2'
ip link del o0

# And answers the inside over another.
ip link add t0 netns "$inner" type veth peer name t1 netns "$third"
nsenter -t "$inner" -n sh -ec 'ip addr add 10.9.0.1/24 dev t0; ip link set t0 up'
nsenter -t "$third" -n sh -ec 'ip addr add 10.9.0.2/24 dev t1; ip link set t1 up'
echo >go
read -r _ <done
kill "$third"
wait "$third" || true

ip link add outside type veth peer name inside netns "$inner"
ip addr add 10.0.0.3/24 dev outside
ip link set outside up
nsenter -t "$inner" -n sh -ec 'ip addr add 10.0.0.4/24 dev inside; ip link set inside up'
echo >go
wait "$inner"
ip link del outside 2>/dev/null || ! ip link show outside 2>/dev/null
