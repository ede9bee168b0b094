#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STACK = 64 * 1024, CHILDREN = 3 };

static void die(const char *what) {
    perror(what);
    exit(1);
}

static void expect(int holds, const char *claim) {
    if (!holds) {
        fprintf(stderr, "expected: %s\n", claim);
        exit(1);
    }
}

// Returns when the last writer is gone: PID 1 closes its end once PID 2 is dead, or loses it by dying itself.
static void wait_for_gate(int gate[2]) {
    char byte;
    if (close(gate[1]) == -1) _exit(1);
    _exit(read(gate[0], &byte, 1) == 0 ? 0 : 1);
}

static int init(void *argument) {
    pid_t outer = *(pid_t *)argument;
    expect(getpid() == 1, "to be PID 1");
    expect(getppid() == 0, "a parent that cannot be named");

    int gate[2];
    if (pipe(gate) == -1) die("pipe");
    pid_t children[CHILDREN];
    for (int i = 0; i < CHILDREN; i++) {
        children[i] = fork();
        if (children[i] == -1) die("fork");
        if (children[i] == 0) wait_for_gate(gate);
        expect(children[i] == i + 2, "children numbered 2, 3 and 4");
    }

    // A small number could be one of our own children: SIGKILL must only go to a number that no process has here.
    expect(outer > CHILDREN + 1, "an outer number that is not taken in here");
    expect(kill(outer, SIGKILL) == -1 && errno == ESRCH, "ESRCH for the outer parent's number");

    int status;
    if (kill(children[0], SIGKILL) == -1) die("kill");
    if (waitpid(children[0], &status, 0) == -1) die("waitpid");
    expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "PID 2 killed by SIGKILL");
    if (close(gate[1]) == -1) die("close");
    for (int i = 1; i < CHILDREN; i++) {
        if (waitpid(children[i], &status, 0) == -1) die("waitpid");
        expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "exit code 0 of PIDs 3 and 4");
    }
    return 0;
}

int main(void) {
    pid_t self = getpid();
    char *stack = malloc(STACK);
    if (stack == NULL) die("malloc");
    pid_t pid = clone(init, stack + STACK, CLONE_NEWPID | SIGCHLD, &self);
    if (pid == -1) die("clone");
    int status;
    if (waitpid(pid, &status, 0) == -1) die("waitpid");
    expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "exit code 0 of PID 1");
    free(stack);
    return 0;
}
