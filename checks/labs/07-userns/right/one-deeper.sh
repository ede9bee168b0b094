#!/bin/sh
# Right: the whole lab in a user namespace that is itself in one: outside is then where its parent lives.
set -e
dir=$(mktemp -d)
mkfifo "$dir/ready" "$dir/mapped"
unshare --user sh -c '
  echo ready > "$0/ready"
  read -r _ < "$0/mapped"
' "$dir" &
read -r _ < "$dir/ready"
mkdir "$dir/tmp"
chmod 755 "$dir"
chown 10000:10000 "$dir/tmp"
echo 0 10000 40000 > /proc/$!/uid_map
echo 0 10000 40000 > /proc/$!/gid_map
nsenter --user --target $! env TMPDIR="$dir/tmp" "$(dirname "$0")/userns.sh"
echo go > "$dir/mapped"
wait $!
rm -r "$dir"
