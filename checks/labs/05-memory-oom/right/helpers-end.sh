#!/bin/sh
# Right: two helpers outside the group end by SIGKILL without being victims of the kernel: one is killed with its whole
# process group, the other with its PID namespace.
set -eu

setsid sleep 1000 &
leader=$!
until [ "$(cut -d ' ' -f 5 /proc/$leader/stat)" = "$leader" ]; do :; done
mkfifo up
unshare --pid --fork sh -c 'sleep 1000 & echo >up; exit 0' &
read -r _ <up
wait $!
rm up
"$(dirname "$0")/oom.sh"
kill -KILL "-$leader"
wait "$leader" || [ $? = 137 ]
