#!/bin/sh
# kills-frozen.sh v2: runs lab 6 in that dialect, kills its child while it is frozen, shows the child, and then what the
# lab says at its end.
said=$(mktemp)
npx tsx labs/06-freezer.ts --dialect "$1" --freeze 20 > "$said" 2>&1 &
lab=$!
until grep -q -e 'says: FROZEN' -e 'says: frozen 1' "$said"; do
    kill -0 $lab 2> /dev/null || { cat "$said"; exit 1; }
    sleep 0.1
done
child=$(grep -o -m 1 '/proc/[0-9]*' "$said")
kill -KILL "${child#/proc/}"
# In v2 it dies, which takes a moment. In v1 it cannot, and there is nothing to wait for.
[ "$1" = v1 ] || until grep -q 'State:.*Z' "$child/status"; do sleep 0.1; done
grep -e State -e SigPnd "$child/status"
wait $lab
tail -n 2 "$said"
rm "$said"
