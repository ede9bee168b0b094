#!/bin/sh
# Hostile: prints for ever, on both descriptors, as fast as it is read. The checker keeps the end of it.
yes "this is not an error" >&2 &
exec yes "this is not the end"
