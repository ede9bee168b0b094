#!/bin/sh
# Right: root inside has bwrap(1) make the mounts and set the host name.
set -e
part=$(dirname "$0")/userns.sh
dir=${2:-$(mktemp -d)}
case $1 in
'')
  chmod 755 "$dir"
  chown 20000:20000 "$dir"
  mkfifo "$dir/ready" "$dir/mapped"
  unshare --user "$0" waits "$dir" &
  read -r _ < "$dir/ready"
  echo 0 20000 1000 > /proc/$!/uid_map
  echo 0 20000 1000 > /proc/$!/gid_map
  echo go > "$dir/mapped"
  wait $!
  rm -r "$dir"
  ;;
waits)
  echo ready > "$dir/ready"
  read -r _ < "$dir/mapped"
  exec setpriv --reuid 0 --regid 0 --clear-groups "$0" root "$dir"
  ;;
root)
  echo 'made inside' > "$dir/file"
  echo > "$dir/given"
  chown 7:7 "$dir/given"
  mkdir "$dir/tmpfs"
  "$part" refused "$dir"
  bwrap --dev-bind / / --tmpfs "$dir/tmpfs" --unshare-uts --hostname inside --cap-add ALL "$part" offers "$dir"
  bwrap --dev-bind / / --cap-drop ALL grep Cap /proc/self/status
  ;;
esac
