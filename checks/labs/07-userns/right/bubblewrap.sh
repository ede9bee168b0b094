#!/bin/sh
# Right: root inside has bwrap(1) make the mounts and set the host name; what it starts has no_new_privs.
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
  nsenter --user --target $! "$0" root "$dir"
  echo go > "$dir/mapped"
  wait $!
  rm -r "$dir"
  ;;
waits)
  echo ready > "$dir/ready"
  read -r _ < "$dir/mapped"
  ;;
root)
  echo 'made inside' > "$dir/file"
  echo > "$dir/given"
  chown 7:7 "$dir/given"
  mkdir "$dir/tmpfs"
  "$part" refused "$dir"
  cp "$(command -v grep)" "$dir/grep"
  chmod 4755 "$dir/grep"
  as_user="setpriv --reuid 7 --regid 7 --clear-groups $dir/grep ^Uid /proc/self/status"
  $as_user
  bwrap --dev-bind / / --tmpfs "$dir/tmpfs" --unshare-uts --hostname inside --cap-add ALL $as_user
  "$part" less
  ;;
esac
