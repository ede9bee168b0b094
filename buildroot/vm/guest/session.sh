# PID 1 of the guest from here on: does the rest of what an init does, runs the command, and reports its exit code.
B=/run/vm/busybox
. /run/vm/settings
. /run/vm/groups.sh

give_up() {
    echo "fail $*" >&3
    $B sleep 60
    $B reboot -f
}

# Files of /etc that have to differ from the machine's, or that the user of this program may not read.
write_etc() {
    echo vm > /etc/hostname
    echo '127.0.0.1 localhost vm' > /etc/hosts
    $B rm -f /etc/sudoers
    echo 'root ALL=(ALL:ALL) ALL' > /etc/sudoers
    $B chmod 440 /etc/sudoers
    $B head -c 1 /etc/shadow > /run/vm/readable 2> /dev/null || {
        $B rm -f /etc/shadow
        echo 'root:*:19000:0:99999:7:::' > /etc/shadow
        $B chmod 600 /etc/shadow
    }
    # A sudo that may be executed but not read stays outside.
    $B head -c 1 /usr/bin/sudo > /run/vm/readable 2> /dev/null || {
        $B rm -f /usr/bin/sudo
        printf '#!/bin/sh\nwhile :; do case $1 in -*) shift ;; *) exec "$@" ;; esac; done\n' > /usr/bin/sudo
        $B chmod 755 /usr/bin/sudo
    }
}

# Root's home, where that of the machine is closed to the user who runs this program.
open_home() {
    $B ls /root > /dev/null 2>&1 || $B mount -t tmpfs -o nosuid,nodev,mode=700 home /root
}

write_user() {
    for file in passwd group shadow; do
        $B sed -i '/^user:/d; /^[^:]*:[^:]*:1000:/d' "/etc/$file"
    done
    echo 'user:x:1000:1000::/home/user:/bin/sh' >> /etc/passwd
    echo 'user:x:1000:' >> /etc/group
    echo 'user:*:19000:0:99999:7:::' >> /etc/shadow
    for file in subuid subgid; do echo user:100000:65536 > "/etc/$file"; done
    $B mkdir -p /home/user /run/user/1000
    $B chown 1000:1000 /home/user /run/user/1000
    $B chmod 700 /run/user/1000
    # The directories in which programs of the checkout keep what they have compiled.
    for path in "$checkout" "$checkout/buildroot" "$checkout/node_modules" "$checkout"/node_modules/.cache "$checkout"/node_modules/.cache/clone; do
        [ -d "$path" ] && $B chown 1000:1000 "$path"
    done
}

# Programs in a sandbox of the checker run as unprivileged users, and have to reach the checkout all the same.
open_way() {
    path=$checkout
    while [ "$path" != / ]; do
        $B chmod a+rx "$path"
        path=$($B dirname "$path")
    done
    [ -z "$($B find "$checkout/package.json" ! -perm -004)" ] || $B chmod -R a+rX "$checkout"
}

show_modules() {
    [ "$modules" = "$($B realpath "/lib/modules/$release" 2> /dev/null)" ] && return
    $B mkdir -p "/lib/modules/$release"
    $B mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=512000,cache=loose modules "/lib/modules/$release"
}

for link in fd:/proc/self/fd stdin:fd/0 stdout:fd/1 stderr:fd/2; do $B ln -sf "${link#*:}" "/dev/${link%%:*}"; done
$B mkdir -p /run/lock /run/netns /run/user
write_etc
open_home
[ "$user" = 1 ] && write_user
open_way
show_modules
$B mkdir /run/vm/bin
for name in depmod insmod lsmod modprobe rmmod; do $B ln -s ../busybox "/run/vm/bin/$name"; done
[ -e /sbin/modprobe ] || echo /run/vm/bin/modprobe > /proc/sys/kernel/modprobe
$B ip link set lo up
$B hostname vm
# Distributions set these, and programs rely on them.
for setting in kernel/pid_max=4194304 fs/protected_symlinks=1 fs/protected_hardlinks=1 fs/protected_regular=2 \
    fs/protected_fifos=1 'net/ipv4/ping_group_range=0 2147483647'; do
    echo "${setting#*=}" > "/proc/sys/${setting%%=*}"
done
ulimit -Hn 524288
echo 3 > /proc/sys/kernel/printk
make_groups > /run/vm/groups
$B mount --make-rshared /

launch() {
    join_groups
    if [ "$user" = 1 ]; then set -- $B su -p -s "$B" user sh /run/vm/settings run; else set -- $B sh /run/vm/settings run; fi
    [ "$terminal" = 1 ] && exec $B setsid -c "$@"
    exec $B setsid "$@"
}

# The outside reports that the window has changed. When the channel is closed, the outside has gone, and the guest ends.
listen() {
    while read -r verb rows columns <&3; do
        [ "$verb" = size ] && $B stty -F /dev/hvc0 rows "$rows" columns "$columns"
    done
    echo b > /proc/sysrq-trigger
}
listen & helpers=" 1 $! "
while :; do echo alive >&3; $B sleep 5; done & helpers="$helpers$! "

# Ends what the command has left behind, as a shutdown does, so that no process holds its output open.
end_others() {
    for path in /proc/[0-9]*; do
        case "$helpers" in *" ${path#/proc/} "*) ;; *) kill -9 "${path#/proc/}" 2> /dev/null ;; esac
    done
}

echo started >&3
if [ "$terminal" = 1 ]; then
    # Some time after the first open the driver resets the size of the window, so the size is set until it stays.
    exec 4<> /dev/hvc0
    for i in 1 2 3 4 5; do
        $B stty -F /dev/hvc0 sane rows "$rows" columns "$columns"
        $B usleep 20000
        [ "$($B stty -F /dev/hvc0 size)" = "$rows $columns" ] && [ "$i" -gt 1 ] && break
    done
    (launch) 0<> /dev/hvc0 1>&0 2>&1 3>&- 4>&-
    code=$?
    end_others
    # This returns when all output has been shown.
    $B stty -F /dev/hvc0 sane
else
    $B mkfifo -m 666 /run/vm/in /run/vm/out /run/vm/err
    if [ "$input" = 1 ]; then $B cat < /dev/vport0p3 > /run/vm/in 3>&- & else $B rm /run/vm/in && $B ln -s /dev/null /run/vm/in; fi
    $B cat < /run/vm/out > /dev/vport0p1 3>&- & out=$!
    $B cat < /run/vm/err > /dev/vport0p2 3>&- & err=$!
    helpers="$helpers$out $err "
    (launch) < /run/vm/in > /run/vm/out 2> /run/vm/err 3>&-
    code=$?
    for i in 1 2 3 4 5; do
        kill -0 $out 2> /dev/null || kill -0 $err 2> /dev/null || break
        $B usleep 100000
    done
    end_others
    wait $out $err
fi
echo "exit $code" >&3
# The outside turns the machine off.
$B sleep 60
$B poweroff -f
