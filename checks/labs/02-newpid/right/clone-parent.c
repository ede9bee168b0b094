// Right: as some runtimes do it, a helper makes PID 1 with CLONE_PARENT and ends at once: its parent is the program.
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STACK = 64 * 1024, CHILDREN = 3 };

static char stack[STACK];

static void die(const char *what) {
    perror(what);
    exit(1);
}

static int init(void *argument) {
    pid_t outer = *(pid_t *)argument, children[CHILDREN];
    int gate[2], status;
    if (pipe(gate) == -1) die("pipe");
    for (int i = 0; i < CHILDREN; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            char byte;
            close(gate[1]);
            _exit(read(gate[0], &byte, 1) == 0 ? 0 : 1);
        }
        if (children[i] != i + 2) die("children numbered 2, 3 and 4");
    }
    if (kill(outer, SIGKILL) != -1 || errno != ESRCH) die("ESRCH for the outer number");
    if (kill(2, SIGKILL) == -1 || waitpid(2, &status, 0) == -1) die("kill");
    close(gate[1]);
    for (int i = 1; i < CHILDREN; i++)
        if (waitpid(children[i], &status, 0) == -1 || status != 0) die("waitpid");
    return 0;
}

int main(void) {
    pid_t outer = getpid();
    int number[2], status;
    if (pipe(number) == -1) die("pipe");
    pid_t helper = fork();
    if (helper == 0) {
        pid_t pid = clone(init, stack + STACK, CLONE_NEWPID | CLONE_PARENT | SIGCHLD, &outer);
        _exit(pid == -1 || write(number[1], &pid, sizeof pid) != sizeof pid);
    }
    pid_t pid;
    if (helper == -1 || waitpid(helper, &status, 0) == -1 || status != 0) die("the helper");
    if (read(number[0], &pid, sizeof pid) != sizeof pid || waitpid(pid, &status, 0) == -1) die("waitpid");
    return status != 0;
}
