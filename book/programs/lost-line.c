// What the classic programs get wrong: lines that wait in a buffer while the process is copied.
// With any argument the child ends by exit() and not by return.
#define _GNU_SOURCE
#include <err.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

// #region program
static char stack[64 * 1024];

static int child(void *calls_exit) {
    printf("child:  here I am\n");
    if (calls_exit) exit(0);
    return 0;
}

int main(int argc, char **argv) {
    char *calls_exit = argc > 1 ? argv[1] : NULL;
    printf("parent: before\n");
    pid_t pid = clone(child, stack + sizeof stack, SIGCHLD, calls_exit);
    if (pid < 0) err(1, "clone");
    if (waitpid(pid, NULL, 0) < 0) err(1, "waitpid");
    printf("parent: after\n");
    return 0;
}
// #endregion program
