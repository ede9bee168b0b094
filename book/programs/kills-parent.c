// What the classic programs get wrong: in a new PID namespace getppid() is 0, and kill(0, ...) is no process of that number.
#define _GNU_SOURCE
#include <err.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

// #region program
static char stack[64 * 1024];

static int child(void *unused) {
    (void)unused;
    dprintf(1, "child:  I am %d, my parent is %d. I cannot harm it.\n", getpid(), getppid());
    if (kill(getppid(), SIGKILL) < 0) warn("kill");
    return 0;
}

int main(void) {
    pid_t pid = clone(child, stack + sizeof stack, CLONE_NEWPID | SIGCHLD, NULL);
    if (pid < 0) err(1, "clone");
    if (waitpid(pid, NULL, 0) < 0) err(1, "waitpid");
    dprintf(1, "parent: I am still here.\n");
    return 0;
}
// #endregion program
