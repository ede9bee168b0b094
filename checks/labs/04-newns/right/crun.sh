#!/bin/sh
# Right: lab 4 with crun(1), an OCI runtime: create, then the pair, then start.
set -eu

runtime() { crun --root "$PWD/state" --cgroup-manager=disabled "$@"; }
cat >config.json <<'END'
{
    "ociVersion": "1.0.0",
    "process": {
        "args": ["/bin/sh", "-i"], "cwd": "/", "env": ["PATH=/bin:/sbin:/usr/bin:/usr/sbin"],
        "user": {"uid": 0, "gid": 0}
    },
    "root": {"path": "fs"},
    "hostname": "myhost",
    "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}],
    "linux": {
        "namespaces": [
            {"type": "pid"}, {"type": "network"}, {"type": "mount"}, {"type": "uts"}, {"type": "ipc"}
        ]
    }
}
END
runtime create --pid-file pid one
child=$(cat pid)
ip link add outside type veth peer name inside netns "$child"
ip addr add 10.0.0.13/24 dev outside
ip link set outside up
nsenter -t "$child" -n ip addr add 10.0.0.15/24 dev inside
nsenter -t "$child" -n ip link set inside up
runtime start one
# The container is a child of init by now: nobody here can wait for it.
until [ "$(runtime list -q)" = "" ] || runtime state one | grep -q '"stopped"'; do sleep 0.05; done
runtime delete one
ip link del outside 2>/dev/null || ! ip link show outside 2>/dev/null
