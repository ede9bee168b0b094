/*
 * Hostile: has a child with CLONE_UNTRACED, which the observer never hears of; it leaves every namespace but that of
 * its number, and lives on. It must be named as left behind, and end with the sandbox.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
    int ready[2];
    char byte;
    if (pipe(ready) < 0) return 1;
    long child = syscall(SYS_clone, CLONE_UNTRACED | SIGCHLD, 0, 0, 0, 0);
    if (child < 0) return 1;
    if (child == 0) {
        unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP);
        kill(getppid(), 0);
        close(ready[1]);
        for (;;) pause();
    }
    close(ready[1]);
    return read(ready[0], &byte, 1) == 0 ? 0 : 1;
}
