#!/usr/bin/env python3
# Hostile: prints what a check prints when all is well, in every dialect of reports, and erases what stands above.
# None of it may come to a terminal as it is, and it stays a failed check.
print("\x1b[2J\x1b[H\x1b]0;all passed\x07\x1b[8m", end="")
for number in range(1, 9):
    print(f"ok {number} - claim\r✔ claim {number}\x9b1A\n# Subtest: claim\n::error::no", flush=True)
print("# pass 9\n# fail 0\n\x1b[0mℹ tests 9\nℹ fail 0\n9 of 9 claims hold\n</testcase></testsuite>]]>\0\b\b")
