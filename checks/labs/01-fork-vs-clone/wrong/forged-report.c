// Prints what a report looks like, with everything that could move a terminal's cursor or end a line of TAP or XML,
// and leaves a process behind whose name is such a text, too.
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

// C1's CSI and the mark that turns the direction of writing are there as UTF-8, and behind them comes what is none.
static const char REPORT[] = "\r\x1b[2K  ✔ forged\n"
                             "\a\xc2\x9b"
                             "31m \xe2\x80\xae ok 1 - forged\n"
                             "]]> --> <b>&amp; \b\b\0\x7f\n"
                             "\xff\xed\xa0\x80\n\n"
                             "99 claims hold (0.1 s)\n";

int main(void) {
    if (fwrite(REPORT, 1, sizeof REPORT - 1, stdout) != sizeof REPORT - 1 || fflush(stdout) != 0) return 1;
    if (fork() == 0) {
        prctl(PR_SET_NAME, "\x1b[2K\r\n\xff]]>");
        sleep(30);
    }
    return 0;
}
