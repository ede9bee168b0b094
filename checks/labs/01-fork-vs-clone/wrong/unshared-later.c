/*
 * Wrong: each child shares more than it should at its birth, and unshares that before it acts.
 * Broken: every claim says what alone is shared.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STACK = 65536 };

struct life {
    int descriptor, undone;
};

static int act(void *argument) {
    struct life *life = argument;
    if (unshare(life->undone) < 0 || close(life->descriptor) < 0) return 1;
    return chdir("/") < 0;
}

/* A child that is born with these flags, and gives some of them up. */
static void bear(int flags, int undone) {
    static char stack[STACK];
    int home = open(".", O_RDONLY | O_DIRECTORY), status;
    struct life life = {open("/dev/null", O_RDONLY), undone};
    int pid = clone(act, stack + STACK, flags | SIGCHLD, &life);
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0 || fchdir(home) < 0) exit(1);
    close(home);
}

int main(void) {
    bear(CLONE_FS | CLONE_FILES, CLONE_FS | CLONE_FILES);
    bear(CLONE_VM | CLONE_FS | CLONE_FILES, CLONE_FS | CLONE_FILES);
    bear(CLONE_FILES | CLONE_FS, CLONE_FS);
    bear(CLONE_FS | CLONE_FILES, CLONE_FILES);
    return 0;
}
