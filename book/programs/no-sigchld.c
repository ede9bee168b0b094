// What the classic programs get wrong: a child that is never waited for.
// With any argument the fault is mended.
#define _GNU_SOURCE
#include <err.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

// #region program
static char stack[64 * 1024];

static int child(void *parent) {
    usleep(200 * 1000);
    dprintf(1, "child:  my work is done, and my parent is %s.\n", getppid() == *(pid_t *)parent ? "here" : "gone");
    return 0;
}

int main(int argc, char **argv) {
    const char *mended = argc > 1 ? argv[1] : NULL;
    pid_t self = getpid();
    pid_t pid = clone(child, stack + sizeof stack, mended ? SIGCHLD : 0, &self);
    if (pid < 0) err(1, "clone");
    if (waitpid(pid, NULL, 0) < 0) warn("waitpid");
    dprintf(1, "parent: I have waited, so the child has ended.\n");
    return 0;
}
// #endregion program
