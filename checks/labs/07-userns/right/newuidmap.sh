#!/bin/sh
# Right: an ordinary user outside, who has newuidmap(1) write a map with a range of /etc/subuid; 0 inside is that user.
set -e
dir=$2
if [ $# -eq 0 ]; then
  echo 'reader:x:1000:1000::/:/bin/sh' >> /etc/passwd
  echo 'reader:20000:1000' >> /etc/subuid
  echo 'reader:20000:1000' >> /etc/subgid
  dir=$(mktemp -d)
  chmod 755 "$dir"
  mkfifo "$dir/ready" "$dir/mapped"
  chown -R 1000:1000 "$dir"
  setpriv --reuid 1000 --regid 1000 --clear-groups "$0" outside "$dir"
  rm -r "$dir"
elif [ "$1" = waits ]; then
  echo "I am user $(id -u)"
  echo ready > "$dir/ready"
  read -r _ < "$dir/mapped"
  exec setpriv --reuid 0 --regid 0 --clear-groups "$(dirname "$0")/userns.sh" root "$dir"
else
  unshare --user "$0" waits "$dir" &
  read -r _ < "$dir/ready"
  newuidmap $! 0 1000 1 1 20000 1000
  newgidmap $! 0 1000 1 1 20000 1000
  echo go > "$dir/mapped"
  wait $!
fi
