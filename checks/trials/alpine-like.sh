#!/bin/sh
# sh checks/trials/alpine-like.sh COMMAND: runs a command, as root, in a root file system as Alpine's: busybox, Node, the ip of
# iproute2, nft where there is one, this checkout, and nothing else. No bash, no coreutils, no util-linux, no procps, no compiler.
# It lives in memory and in a mount namespace of its own, and goes with the command.
set -eu
if [ "${IN_NAMESPACE:-}" = "" ]; then
    IN_NAMESPACE=yes exec unshare --mount --propagation private sh "$0" "$@"
fi

checkout=$(realpath "$(dirname "$0")/../..")
node=$(realpath "$(command -v "${NODE:-node}")")
modules=$(dirname "$(dirname "$node")")/lib/node_modules
ip=$(realpath "$(command -v ip)")
nft=$(command -v nft || true)
new=/mnt

mount -t tmpfs -o mode=755 tmpfs $new
cd $new
mkdir -p bin sbin usr/bin usr/sbin usr/local/bin usr/local/lib/node_modules etc proc sys dev root mnt home/ada var/tmp tmp run work old
chmod 1777 tmp var/tmp
chown 1000:1000 home/ada

cp "$(command -v busybox)" bin/busybox
mount -t proc proc proc
chroot . /bin/busybox --install -s
# Debian's busybox, as a shell, takes its own ip whatever is in PATH; Alpine's does not. So the shell is dash.
rm -f bin/sh bin/ip sbin/ip usr/bin/ip usr/sbin/ip
cp "$(command -v dash)" bin/sh
cp "$ip" sbin/ip
[ -z "$nft" ] || cp "$nft" sbin/nft
touch usr/local/bin/node
mount --bind "$node" usr/local/bin/node
if [ -d "$modules/npm" ]; then
    mount --bind "$modules" usr/local/lib/node_modules
    ln -s ../lib/node_modules/npm/bin/npm-cli.js usr/local/bin/npm
    ln -s ../lib/node_modules/npm/bin/npx-cli.js usr/local/bin/npx
fi
for library in $(ldd "$node" "$ip" ${nft:+"$nft"} bin/sh | grep -o '/[^ :)]*\.so[^ :)]*' | sort -u); do
    mkdir -p "./$(dirname "$library")"
    cp -L "$library" "./$library"
done

touch etc/hosts etc/resolv.conf
printf '%s\n' root:x:0:0:root:/root:/bin/sh ada:x:1000:1000:ada:/home/ada:/bin/sh >etc/passwd
printf '%s\n' root:x:0: ada:x:1000: >etc/group
printf '%s\n' ID=alpine 'PRETTY_NAME="Alpine Linux, but for its libc"' >etc/os-release

mount --rbind /dev dev
mount --rbind /sys sys
mount --bind "$checkout" work
pivot_root . old
umount -l /old
cd /work
exec env -i PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM="${TERM:-dumb}" "$@"
