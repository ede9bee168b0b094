// What the classic programs get wrong: a stack that is too small.
// The argument is its size in bytes, 5000 where there is none.
#define _GNU_SOURCE
#include <err.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

// #region program
static struct {
    char neighbours[32 * 1024]; // whatever lies below the stack
    char stack[64 * 1024];
} memory;

static int child(void *unused) {
    char line[8 * 1024]; // room for any message
    (void)unused;
    int length = snprintf(line, sizeof line, "child %d: one line for stderr\n", getpid());
    if (write(2, line, (size_t)length) < 0) err(1, "write");
    size_t first = 0;
    while (first < sizeof memory.neighbours && memory.neighbours[first] == 'n') first++;
    dprintf(1, "child: %zu KiB of my neighbours are overwritten\n", (sizeof memory.neighbours - first) / 1024);
    return 0;
}

int main(int argc, char **argv) {
    int size = argc > 1 ? atoi(argv[1]) : 5000;
    if (size < 1024 || size > (int)sizeof memory.stack) errx(2, "a size from 1024 to %zu", sizeof memory.stack);
    memset(memory.neighbours, 'n', sizeof memory.neighbours);
    pid_t pid = clone(child, memory.stack + size, SIGCHLD, NULL);
    if (pid < 0) err(1, "clone");
    if (waitpid(pid, NULL, 0) < 0) err(1, "waitpid");
    return 0;
}
// #endregion program
