#!/bin/sh
# Hostile: ignores every signal that can be ignored, and waits. It must end at the bound.
trap '' HUP INT QUIT TERM USR1 USR2 PIPE ALRM CONT TSTP TTIN TTOU
while :; do
    sleep 3600
done
