#!/bin/sh
# Right: each part in a user namespace of its own, whose map unshare(1) has written; capsh(1) takes capabilities away.
set -e
echo 'root:20000:1000' >> /etc/subuid
echo 'root:20000:1000' >> /etc/subgid
part=$(dirname "$0")/userns.sh

in_namespace() {
  unshare --user --map-users=20000,0,1000 --map-groups=20000,0,1000 --setgid 0 --setuid 0 "$@"
}

dir=$(mktemp -d)
chmod 755 "$dir"
chown 20000:20000 "$dir"
in_namespace sh -c 'echo > "$0/file"' "$dir"
in_namespace "$part" refused "$dir"
in_namespace unshare --mount --uts "$part" own "$dir"
in_namespace capsh --drop=cap_net_raw,cap_sys_admin -- -c 'grep Cap /proc/self/status'
rm -r "$dir"
