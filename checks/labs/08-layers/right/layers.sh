#!/bin/sh
# Right: mount(8), unshare(1) and pivot_root(8); two named pipes are the gates. Others here and in ../wrong are this program
# with one thing different: they read this file, put functions of their own in the place of some of it, and call main.
set -e

begin() { exec unshare --mount sh "$0" outside; }

# The layer above ./fs, and what lies outside for the volumes.
small_layer() {
    mkdir -p small/etc small/srv small/data small/config small/shared small/slave small/private small/jail/bin small/jail/proc
    printf '127.0.0.1 localhost\n10.0.0.2 cache\n' > small/etc/hosts
    echo hello > small/srv/index.html
    mknod small/etc/profile c 0 0
    cp fs/bin/busybox small/jail/bin/
}
volumes_outside() { mkdir media data config; }

lay_over() {
    mount -t overlay overlay -o "lowerdir=small:fs,upperdir=$1/upper,workdir=$1/work,userxattr" "$1/root"
}
lay() {
    mkdir -p "$1/upper" "$1/work" "$1/root"
    lay_over "$1"
}
enter() { pivot_root . . && umount -l . && cd / && mount -t proc proc /proc; }

# The first container, from before it has its root.
start_first() { exec unshare --mount --propagation unchanged --pid --fork sh "$0" first; }
volumes() {
    mount --bind data first/root/data
    mount --bind config first/root/config
    mount -o remount,bind,ro first/root/config
}
of_kind() { mount "--make-$1" "first/root/$1"; }
changes() {
    echo '10.0.0.3 database' >> /etc/hosts
    echo 'written inside' > /root/notes
    rm /bin/vi
    rm -r /srv
    mkdir /srv
}
# The shell of a chroot with its directory outside: by a descriptor, because chroot(1) changes the directory as well.
escape() {
    mount -t proc proc /jail/proc
    exec 9< /
    chroot /jail /bin/busybox sh -c 'cd /proc/self/fd/9 && ./bin/busybox chroot . /bin/sh -c "echo /*"'
    exec 9<&-
}
use_volumes() {
    echo 'for outside' > /data/result
    if echo no > /config/new; then exit 1; fi
}
first() {
    volumes
    for kind in shared slave private; do
        mount --bind media "first/root/$kind"
        of_kind "$kind"
    done
    cd first/root
    enter
    changes
    escape
    use_volumes
    echo changed >&4
    read -r _ <&5
    for kind in shared slave private; do mount -t tmpfs mine "/$kind/of-$kind"; done
    echo mounted >&4
    read -r _ <&5
}

start_second() { unshare --mount --propagation unchanged --pid --fork sh "$0" second; }
second() {
    cd second/root
    enter
    cat /etc/hosts
    ls /root /srv
}

make_second() {
    lay second
    start_second
}

# Outside, at four moments of the first container's life; here there is nothing to do.
before() { :; }
during() { :; }
between() { :; }
after() { :; }
outside() {
    small_layer
    volumes_outside
    mount -t tmpfs media media
    mount --make-shared media
    mkdir media/stick media/of-shared media/of-slave media/of-private
    mkfifo there back
    exec 4<>there 5<>back
    lay first
    before
    start_first &
    first=$!
    during
    read -r _ <&4
    between
    make_second
    mount -t tmpfs stick media/stick
    echo mounted >&5
    read -r _ <&4
    ls first/upper media/of-shared
    echo seen >&5
    wait "$first"
    after
}

main() { "${1:-begin}"; }
case $0 in */layers.sh) main "$@" ;; esac
