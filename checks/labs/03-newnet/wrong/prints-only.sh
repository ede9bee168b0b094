#!/bin/sh
# Wrong: prints what a right program could print, and makes nothing.
# Broken: a child lives in a new network namespace.
set -eu
for sequence in 1 2 3; do
    echo "64 bytes from 10.0.0.3: icmp_seq=$sequence ttl=64 time=0.050 ms"
done
echo "3 packets transmitted, 3 received, 0% packet loss, time 405ms"
