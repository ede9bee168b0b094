#!/bin/sh
# Wrong: the words of the lab, and nothing behind them.
echo 'outside  The layers are small e9a25041a669, base 2b716453277e.'
echo ' inside  My root has 3 layers. /etc/hosts has 2 lines; in /root: nothing; in /srv: index.html'
echo 'outside  upper: bin/vi (whiteout)'
echo 'outside  upper: srv (opaque directory)'
