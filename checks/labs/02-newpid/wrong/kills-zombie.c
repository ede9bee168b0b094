// Wrong: 2 has killed itself and is a zombie when PID 1 kills it; kill(2) says that it is done all the same.
// Broken: PID 1 kills 2.
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILDREN = 3 };

static void die(const char *what) {
    perror(what);
    exit(1);
}

static int init(pid_t outside) {
    pid_t children[CHILDREN];
    int gate[2], status;
    char byte;
    siginfo_t info;
    if (pipe(gate) == -1) die("pipe");
    for (int i = 0; i < CHILDREN; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            if (i == 0) raise(SIGKILL);
            close(gate[1]);
            _exit(read(gate[0], &byte, 1) == 0 ? 0 : 1);
        }
    }
    if (kill(outside, SIGKILL) != -1 || errno != ESRCH) die("kill");
    if (waitid(P_PID, children[0], &info, WEXITED | WNOWAIT) == -1) die("waitid");
    if (kill(children[0], SIGKILL) == -1 || waitpid(children[0], &status, 0) == -1) die("kill");
    close(gate[1]);
    for (int i = 1; i < CHILDREN; i++)
        if (waitpid(children[i], &status, 0) == -1 || status != 0) return 1;
    return 0;
}

int main(void) {
    int status;
    pid_t self = getpid();
    if (unshare(CLONE_NEWPID) == -1) die("unshare");
    pid_t pid = fork();
    if (pid == 0) _exit(init(self));
    if (pid == -1 || waitpid(pid, &status, 0) == -1) die("waitpid");
    return status != 0;
}
