#!/bin/sh
# Wrong: the new root is moved over the old one, as an initial ramdisk does it: the old root stays mounted below it.
set -e
[ -n "$1" ] || exec unshare --mount sh "$0" outside
mkdir -p small/etc small/srv small/data small/config small/shared small/slave small/private small/jail/bin small/jail/proc
printf '127.0.0.1 localhost\n10.0.0.2 cache\n' > small/etc/hosts
echo hello > small/srv/index.html
mknod small/etc/profile c 0 0
cp fs/bin/busybox small/jail/bin/
mkdir media data config
mount -t tmpfs media media
mount --make-shared media
mkdir media/stick media/of-shared media/of-slave media/of-private
mkfifo there back
exec 4<>there 5<>back

lay() {
    mkdir -p "$1/upper" "$1/work" "$1/root"
    mount -t overlay overlay -o "lowerdir=small:fs,upperdir=$1/upper,workdir=$1/work,userxattr" "$1/root"
}
enter='pivot_root . . && umount -l . && cd / && mount -t proc proc /proc'

lay first
unshare --mount --propagation unchanged --pid --fork sh -ec '
    mount --bind data first/root/data
    mount --bind config first/root/config
    mount -o remount,bind,ro first/root/config
    for kind in shared slave private; do
        mount --bind media "first/root/$kind"
        mount "--make-$kind" "first/root/$kind"
    done
    cd first/root
    mount --move . /
    exec chroot . /bin/sh -es' << 'end' &
mount -t proc proc /proc
echo '10.0.0.3 database' >> /etc/hosts
echo 'written inside' > /root/notes
rm /bin/vi
rm -r /srv
mkdir /srv
# The shell of a chroot with its directory outside: by a descriptor, because chroot(1) changes the directory as well.
mount -t proc proc /jail/proc
exec 9< /
chroot /jail /bin/busybox sh -c 'cd /proc/self/fd/9 && cd -P ../../../../.. && /bin/busybox chroot . /bin/sh -c "echo /*"' || true
exec 9<&-
echo 'for outside' > /data/result
if echo no > /config/new; then exit 1; fi
echo changed >&4
read -r _ <&5
for kind in shared slave private; do mount -t tmpfs mine "/$kind/of-$kind"; done
echo mounted >&4
read -r _ <&5
end
read -r _ <&4
lay second
unshare --mount --propagation unchanged --pid --fork sh -ec "cd second/root && $enter && cat /etc/hosts && ls /root /srv"
mount -t tmpfs stick media/stick
echo mounted >&5
read -r _ <&4
ls first/upper media/of-shared
echo seen >&5
wait
