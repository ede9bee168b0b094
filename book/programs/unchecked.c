// What the classic programs get wrong: a result that is used before it is looked at. Run it only where the chapter says.
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

// #region program
static char stack[64 * 1024];

static int child(void *unused) {
    (void)unused;
    return pause();
}

int main(void) {
    pid_t pid = clone(child, stack + sizeof stack, CLONE_NEWNET | SIGCHLD, NULL);
    kill(pid, SIGKILL); // Enough of it.
    waitpid(pid, NULL, 0);
    return 0;
}
// #endregion program
