/* Right: lab 2 with sigqueue(3) instead of kill(2), and 3 and 4 released before 2 has been waited for. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STACK_SIZE = 64 * 1024 };

/* Waits until no process can write to the gate any more. */
static int wait_at(const int gate[2]) {
    char byte;
    close(gate[1]);
    return read(gate[0], &byte, 1) == 0 ? 0 : 1;
}

static int child(void *argument) {
    int outer_parent = *(int *)argument, gate[2];
    pid_t children[3];
    if (pipe(gate) != 0) return 1;
    for (int i = 0; i < 3; i++) {
        children[i] = fork();
        if (children[i] < 0) return 1;
        if (children[i] == 0) _exit(wait_at(gate));
    }
    if (kill(outer_parent, SIGKILL) != -1 || errno != ESRCH) return 1;
    if (sigqueue(children[0], SIGKILL, (union sigval){0}) != 0) return 1;
    close(gate[1]);
    while (wait(NULL) > 0) continue;
    return 0;
}

int main(void) {
    int self = getpid(), status;
    char *stack = malloc(STACK_SIZE);
    if (!stack) return 1;
    pid_t pid = clone(child, stack + STACK_SIZE, CLONE_NEWPID | SIGCHLD, &self);
    if (pid < 0 || waitpid(pid, &status, 0) != pid) return 1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
