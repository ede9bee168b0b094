// What the classic programs get wrong: a PID 1 that stays when its parent has been stopped with Ctrl-C.
// With any argument the fault is mended.
#define _GNU_SOURCE
#include <err.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

// #region program
static char stack[64 * 1024];

static int child(void *mended) {
    if (mended && prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) err(1, "prctl");
    for (;;) pause();
}

int main(int argc, char **argv) {
    char *mended = argc > 1 ? argv[1] : NULL;
    pid_t pid = clone(child, stack + sizeof stack, CLONE_NEWPID | SIGCHLD, mended);
    if (pid < 0) err(1, "clone");
    if (waitpid(pid, NULL, 0) < 0) err(1, "waitpid");
    return 0;
}
// #endregion program
