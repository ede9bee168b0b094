#!/bin/sh
# Boots Debian's systemd as PID 1 of namespaces of its own, logs an ordinary user in there, runs a command of this
# checkout as them, and prints what the command prints. It is root's, on a machine with control groups of v2 alone that
# may be thrown away afterwards: npm run matrix starts it in a virtual machine.
#
#   sh systemd-boot.sh ROOT CHECKOUT NODE WORD…     ROOT is a directory with Debian's systemd, dbus-user-session and libpam-systemd
set -eu
root=$1 checkout=$2 node=$3
shift 3
groups=/sys/fs/cgroup

# The new machine is a group of this one, in which systemd makes all others.
mkdir "$groups/systemd-machine"
echo '+cpu +memory +pids' > "$groups/cgroup.subtree_control"

user_id=1000 home=$root/home/user
mkdir -p "$home/workbook"
chroot "$root" useradd --uid $user_id --shell /bin/sh user
touch "$root/usr/local/bin/node"
chown $user_id:$user_id "$home"
for path in "$checkout" "$checkout/buildroot" "$checkout/node_modules" "$checkout/node_modules/.cache"; do
    [ ! -d "$path" ] || chown $user_id:$user_id "$path"
done
chown -R $user_id:$user_id "$checkout/node_modules/.cache/clone" 2> /dev/null || true

quoted=
for word; do quoted="$quoted '$(printf %s "$word" | sed "s/'/'\\\\''/g")'"; done
printf 'cd /home/user/workbook && exec node %s\n' "$quoted" > "$home/command.sh"

# PAMName= makes it a login: pam_systemd opens a session and starts the user's own manager.
cat > "$root/etc/systemd/system/command.service" << 'UNIT'
[Unit]
After=systemd-logind.service systemd-user-sessions.service dbus.service
Requires=systemd-logind.service dbus.service
[Service]
Type=oneshot
User=user
PAMName=login
Environment=NO_COLOR=1
ExecStart=/bin/sh /home/user/command.sh
StandardOutput=file:/command.out
StandardError=file:/command.err
TimeoutStartSec=infinity
ExecStopPost=+/bin/sh -c 'echo "$EXIT_STATUS" > /command.code; systemctl exit'
UNIT
cat > "$root/etc/systemd/system/command.target" << 'UNIT'
[Unit]
Requires=basic.target command.service
After=basic.target
UNIT

# Nobody else may be in that group, or the kernel lets it hand nothing down: PID 1 joins it alone.
container=namespaces unshare --pid --fork --kill-child sh -c '
set -e
echo 0 > /sys/fs/cgroup/systemd-machine/cgroup.procs
exec unshare --mount --cgroup --uts --ipc sh -c '\''
set -e
root=$1 checkout=$2 node=$3
mount --make-rprivate /
mount --bind "$root" "$root"
mount --bind "$checkout" "$root/home/user/workbook"
mount --bind "$node" "$root/usr/local/bin/node"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t cgroup2 -o nsdelegate,memory_recursiveprot cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs tmpfs "$root/run"
mount --rbind /dev "$root/dev"
cd "$root"
pivot_root . mnt
umount -l /mnt
exec /lib/systemd/systemd --system --unit=command.target --log-target=console --show-status=no < /dev/null > /systemd.log 2>&1
'\'' sh "$@"
' sh "$root" "$checkout" "$node" || true
cat "$root/command.out"
cat "$root/command.err" >&2
[ -e "$root/command.code" ] || { cat "$root/systemd.log" >&2; exit 70; }
exit "$(cat "$root/command.code")"
