#!/bin/sh
# Wrong: nothing of the lab is done. What it prints, and the name of the interface that it leaves, are meant to break a
# report in XML.
printf '%s' '--> ]]> <!-- --- &amp; '
printf '\001\033[2J \377\n-'
ip link add 'a]]>b' type veth peer name p
