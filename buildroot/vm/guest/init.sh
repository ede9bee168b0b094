#!/bin/busybox sh
# The first program in the guest. It loads what the kernel package has as modules, puts the root together (the machine's
# own, read-only, as the lower layer of an overlay in memory) and hands over to session.sh.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc -o nosuid,nodev,noexec proc /proc
mount -t sysfs -o nosuid,nodev,noexec sysfs /sys
mount -t devtmpfs -o nosuid,mode=755 dev /dev
while read -r module; do insmod "/modules/$module" || echo "vm: the module $module cannot be loaded"; done < /modules/order
until [ -c /dev/vport0p4 ]; do usleep 10000; done

# From here on descriptor 3 is the channel to the outside. Only one process can open a port; the others inherit it.
exec 3<>/dev/vport0p4
echo hello >&3
read -r size <&3
mkdir /vm
head -c "$size" <&3 > /vm/settings
. /vm/settings

give_up() {
    echo "fail $*" >&3
    sleep 60
    reboot -f
}

mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=512000,cache=loose machine /lower || give_up "9p cannot be mounted"
mount -t tmpfs -o size=75%,mode=755 layer /layer
mkdir /layer/upper /layer/work
mount -t overlay -o lowerdir=/lower,upperdir=/layer/upper,workdir=/layer/work root /root || give_up "no overlay"

# /tmp and /run become new and empty, so what is needed from there is bind-mounted elsewhere meanwhile.
kept=0
hold() {
    case $1 in /tmp/* | /run/* | /dev/shm/*) ;; *) return ;; esac
    kept=$((kept + 1))
    mkdir -p "/kept/$kept"
    mount --bind "/root$1" "/kept/$kept"
    echo "$1" > "/kept.$kept"
}
[ "$other" = 1 ] || hold "$checkout"
mount -t tmpfs -o nosuid,nodev,mode=1777 tmp /root/tmp
mount -t tmpfs -o nosuid,nodev,mode=755 run /root/run
for path in proc sys dev; do mount --move "/$path" "/root/$path"; done
mkdir -p /root/dev/shm /root/dev/pts
mount -t tmpfs -o nosuid,nodev,mode=1777 shm /root/dev/shm
mount -t devpts -o nosuid,noexec,gid=5,mode=620,ptmxmode=666 devpts /root/dev/pts
while [ $kept -gt 0 ]; do
    read -r path < "/kept.$kept"
    mkdir -p "/root$path"
    mount --move "/kept/$kept" "/root$path"
    kept=$((kept - 1))
done

# On another processor the root is not the machine's: the checkout comes by itself, with packages for this processor in
# front of its own. A root file system of lab 4 that the machine has made does not run here.
layer_over() {
    mkdir -p "/layer/$1/upper" "/layer/$1/work" "$3"
    mount -t overlay -o "lowerdir=$2,upperdir=/layer/$1/upper,workdir=/layer/$1/work" "$1" "$3" || give_up "no overlay"
}
if [ "$other" = 1 ]; then
    for tag in checkout packages; do
        mkdir "/$tag"
        mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=512000,cache=loose "$tag" "/$tag" || give_up "9p cannot be mounted"
    done
    layer_over checkout /checkout "/root$checkout"
    layer_over packages /packages:/checkout/node_modules "/root$checkout/node_modules"
    rm -rf "/root$checkout/buildroot/fs"
fi

mkdir -p /root/run/vm
cp /bin/busybox /session.sh /groups.sh /vm/settings /root/run/vm/
exec switch_root /root /run/vm/busybox sh /run/vm/session.sh
