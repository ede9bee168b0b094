// Right: all four children live at the same time and act when they are told to, each on a file and a directory of its
// own; then the parent waits for all.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STACK = 64 * 1024, CHILDREN = 4 };

struct errand {
    int flags;
    const char *directory;
    int fd;
    int gate;
};

static void die(const char *what) {
    perror(what);
    exit(1);
}

static int child(void *argument) {
    const struct errand *errand = argument;
    char byte;
    if (read(errand->gate, &byte, 1) != 1) _exit(2);
    if (close(errand->fd) == -1 || chdir(errand->directory) == -1) _exit(1);
    _exit(0);
}

int main(void) {
    static struct errand errands[CHILDREN] = {
        {0, "/", -1, -1}, {CLONE_VM, "/usr", -1, -1}, {CLONE_FILES, "/etc", -1, -1}, {CLONE_FS, "/var", -1, -1}};
    int gate[2];
    if (pipe(gate) == -1) die("pipe");
    for (int i = 0; i < CHILDREN; i++) {
        errands[i].gate = gate[0];
        errands[i].fd = open("/dev/null", O_RDONLY);
        if (errands[i].fd == -1) die("open");
    }
    pid_t pids[CHILDREN];
    for (int i = 0; i < CHILDREN; i++) {
        char *stack = malloc(STACK);
        if (stack == NULL) die("malloc");
        pids[i] = clone(child, stack + STACK, errands[i].flags | SIGCHLD, &errands[i]);
        if (pids[i] == -1) die("clone");
    }
    if (write(gate[1], "1234", CHILDREN) != CHILDREN) die("write");
    for (int i = 0; i < CHILDREN; i++) {
        int status;
        if (waitpid(pids[i], &status, 0) == -1) die("waitpid");
        if (status != 0) return 1;
    }
    return 0;
}
