#!/bin/sh
# Wrong: the words of the lab, and nothing behind them.
cat <<'END'
    two  I am 10.9.0.3, and one at 10.9.0.2 port 80 answers: I see you at 10.9.0.3.
    two  I am 10.9.0.3, and the world at 203.0.113.7 port 7 answers: I see you at 203.0.113.1.
  world  I am 203.0.113.7, and the machine at 203.0.113.1 port 8080 answers: I see you at 203.0.113.7.
END
