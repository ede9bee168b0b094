#!/bin/sh
# Runs a command that makes a container, and prints the calls by which it was made: the clone, and then, of all calls
# of the process that changed its root, those that succeeded. Of the many mounts of a runtime only four are shown.
calls=/tmp/calls.$$
strace -f -qq -e signal=none -o $calls \
  -e trace=clone,clone3,mount,pivot_root,umount2,setsid,sethostname,capset,execve "$@" || exit
awk '
  NR == FNR { if (/ pivot_root\(/) child = $1; next }
  / = -1 / || /resumed>/ { next }
  /clone.*CLONE_NEW/ { sub(/.*flags=/, ""); sub(/[,}) ].*/, ""); print "clone(" $0 ")"; next }
  $1 != child { next }
  { sub(/^[0-9]+ +/, ""); sub(/ *(= [0-9]+|<unfinished.*)$/, "") }
  /^mount/ && !/, "\/", .*MS_PRIVATE/ && !/"proc", / && !/^mount\("([^"]*\/)?[^"]+", "[^"]*(rootfs|fs)", .*MS_BIND/ { next }
  /^capset/ { print "capset(…)"; next }
  /^execve/ { sub(/", .*/, "\")") }
  { gsub(/NULL/, "0"); sub(/\)?$/, ")"); print }
' $calls $calls
rm $calls
