// Wrong: the number that PID 1 kills is that of a process in another new PID namespace beside its own.
// Broken: the number is that of a process that lives outside just then.
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILDREN = 3, COUSINS = 20 };

static void die(const char *what) {
    perror(what);
    exit(1);
}

static int init(pid_t cousin) {
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
    if (kill(cousin, SIGKILL) != -1 || errno != ESRCH) die("kill");
    if (kill(2, SIGKILL) == -1 || waitpid(2, &status, 0) == -1) die("kill");
    close(gate[1]);
    for (int i = 1; i < CHILDREN; i++)
        if (waitpid(children[i], &status, 0) == -1 || status != 0) return 1;
    return 0;
}

/* Waits with one child whose number is COUSINS, until nobody can write to the gate any more. */
static int beside(const int gate[2], int ready) {
    char byte;
    pid_t pid;
    do {
        pid = fork();
        if (pid == 0) {
            if (getpid() != COUSINS) _exit(0);
            close(gate[1]);
            _exit(read(gate[0], &byte, 1) == 0 ? 0 : 1);
        }
        if (pid != COUSINS) waitpid(pid, NULL, 0);
    } while (pid != COUSINS);
    if (write(ready, "x", 1) != 1) die("write");
    close(gate[1]);
    return waitpid(pid, NULL, 0) == -1;
}

int main(void) {
    int gate[2], ready[2], status;
    char byte;
    if (pipe(gate) == -1 || pipe(ready) == -1) die("pipe");
    // Only the children of whoever calls unshare(2) are inside, so that each namespace has a helper.
    pid_t helpers[2];
    for (int i = 0; i < 2; i++) {
        helpers[i] = fork();
        if (helpers[i] == 0) {
            if (unshare(CLONE_NEWPID) == -1) die("unshare");
            pid_t pid = fork();
            if (pid == 0) {
                if (i == 0) _exit(beside(gate, ready[1]));
                close(gate[1]);
                _exit(init(COUSINS));
            }
            close(gate[1]);
            if (waitpid(pid, &status, 0) == -1) die("waitpid");
            _exit(status != 0);
        }
        if (i == 0 && read(ready[0], &byte, 1) != 1) die("read");
    }
    if (waitpid(helpers[1], &status, 0) == -1 || status != 0) return 1;
    close(gate[1]);
    return waitpid(helpers[0], &status, 0) == -1 || status != 0;
}
