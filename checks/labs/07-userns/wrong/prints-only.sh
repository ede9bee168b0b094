#!/bin/sh
# Wrong: the words of the lab, and nothing behind them.
echo ' inside  I am user 0 and group 0, by the map 0 100000 65536.'
echo 'outside  To me it is user 100000, and its file belongs to user 100000.'
echo 'NoNewPrivs:	1'
