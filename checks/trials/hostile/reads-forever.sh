#!/bin/sh
# Hostile: reads what is typed at its terminal, for ever, and answers nothing; without one it reads /dev/null as often.
while :; do
    read -r _ || :
done
