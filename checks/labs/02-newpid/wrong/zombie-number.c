// Wrong: the process outside whose number PID 1 uses has ended, and is a zombie that nobody has waited for.
// Broken: the number is that of a process that lives outside just then.
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
    if (pipe(gate) == -1) die("pipe");
    for (int i = 0; i < CHILDREN; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            close(gate[1]);
            _exit(read(gate[0], &byte, 1) == 0 ? 0 : 1);
        }
    }
    if (kill(outside, SIGKILL) != -1 || errno != ESRCH) die("kill");
    if (kill(children[0], SIGKILL) == -1 || waitpid(children[0], &status, 0) == -1) die("kill");
    close(gate[1]);
    for (int i = 1; i < CHILDREN; i++)
        if (waitpid(children[i], &status, 0) == -1 || status != 0) return 1;
    return 0;
}

int main(void) {
    int status;
    siginfo_t info;
    pid_t zombie = fork();
    if (zombie == 0) _exit(0);
    if (zombie == -1 || waitid(P_PID, zombie, &info, WEXITED | WNOWAIT) == -1) die("waitid");
    if (unshare(CLONE_NEWPID) == -1) die("unshare");
    pid_t pid = fork();
    if (pid == 0) _exit(init(zombie));
    if (pid == -1 || waitpid(pid, &status, 0) == -1) die("waitpid");
    waitpid(zombie, NULL, 0);
    return status != 0;
}
