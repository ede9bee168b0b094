#!/bin/sh
# Runs before the image is made, with the future root file system as its argument.
set -eu
target=$1

# /dev/ptmx of the terminals mounted on /dev/pts. A device table has no links.
ln -sfn pts/ptmx "$target/dev/ptmx"

# The shell is PID 1: no init runs these.
rm -rf "$target/etc/init.d" "$target/etc/inittab"

# A missing program has to fail the build, and not surprise the reader later.
for name in sh ps ip ifconfig ping hostname mount ipcs top vi tty stty; do
	for folder in bin sbin usr/bin usr/sbin; do
		if [ -x "$target/$folder/$name" ] || [ -L "$target/$folder/$name" ]; then continue 2; fi
	done
	echo "post_build.sh: busybox was built without $name" >&2
	exit 1
done
