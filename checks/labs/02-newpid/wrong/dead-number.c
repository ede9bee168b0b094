// Wrong: the number that PID 1 kills is that of a process outside which has ended long ago.
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

static int init(pid_t outer) {
    pid_t children[CHILDREN];
    int gate[2], status;
    if (pipe(gate) == -1) die("pipe");
    for (int i = 0; i < CHILDREN; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            char byte;
            close(gate[1]);
            _exit(read(gate[0], &byte, 1) == 0 ? 0 : 1);
        }
    }
    if (kill(outer, SIGKILL) != -1 || errno != ESRCH) die("ESRCH");
    if (kill(2, SIGKILL) == -1 || waitpid(2, &status, 0) == -1) die("kill");
    close(gate[1]);
    for (int i = 1; i < CHILDREN; i++)
        if (waitpid(children[i], &status, 0) == -1 || status != 0) die("waitpid");
    return 0;
}

int main(void) {
    int status;
    pid_t gone = fork();
    if (gone == 0) _exit(0);
    if (gone == -1 || waitpid(gone, &status, 0) == -1) die("waitpid");
    if (unshare(CLONE_NEWPID) == -1) die("unshare");
    pid_t pid = fork();
    if (pid == 0) _exit(init(gone));
    if (pid == -1 || waitpid(pid, &status, 0) == -1) die("waitpid");
    return status != 0;
}
