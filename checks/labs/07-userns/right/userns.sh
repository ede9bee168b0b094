#!/bin/sh
# Right: unshare(1) makes the user namespace, the parent writes the map with echo, and nsenter(1) becomes root inside: who
# runs a program while nobody is mapped has no capabilities any more, and could not.
# Called with the name of a part and the folder, it is that part; other programs here use them.
set -e
part=${1:-outside} dir=$2 self=$(readlink -f "$0")

may_fail() { "$@" 2>&1 || echo "$*: refused"; }

case $part in
outside)
  dir=$(mktemp -d)
  chmod 755 "$dir"
  chown 20000:20000 "$dir"
  mkfifo "$dir/ready" "$dir/mapped"
  unshare --user "$self" waits "$dir" &
  read -r _ < "$dir/ready"
  echo 0 20000 1000 > /proc/$!/uid_map
  echo 0 20000 1000 > /proc/$!/gid_map
  nsenter --user --target $! "$self" root "$dir"
  echo go > "$dir/mapped"
  wait $!
  rm -r "$dir"
  ;;
waits)
  echo "I am user $(id -u)"
  echo ready > "$dir/ready"
  read -r _ < "$dir/mapped"
  ;;
root)
  echo "I am user $(id -u)"
  echo 'made inside' > "$dir/file"
  "$self" refused "$dir"
  unshare --mount --uts "$self" own "$dir"
  "$self" less
  ;;
refused)
  may_fail hostname other
  may_fail mknod "$dir/disk" b 8 0
  (echo '' >> /etc/passwd) 2>&1 || echo 'passwd: refused'
  "$self" nest
  ;;
nest)
  unshare --user --map-root-user "$self" nest 2>&1 || true
  ;;
own)
  hostname inside
  mkdir "$dir/tmpfs"
  mount -t tmpfs -o mode=755 own "$dir/tmpfs"
  echo > "$dir/tmpfs/given"
  chown 7:7 "$dir/tmpfs/given"
  "$self" offers "$dir"
  ;;
offers)
  cp "$(command -v grep)" "$dir/tmpfs/grep"
  chmod 4755 "$dir/tmpfs/grep"
  setpriv --reuid 7 --regid 7 --clear-groups "$dir/tmpfs/grep" ^Uid /proc/self/status
  setpriv --reuid 7 --regid 7 --clear-groups --no-new-privs "$dir/tmpfs/grep" ^Uid /proc/self/status
  ;;
less)
  setpriv --bounding-set=-sys_admin grep Cap /proc/self/status
  ;;
esac
