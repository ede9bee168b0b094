// Wrong: the parent of the four has ended before any of them begins its errand.
// Broken: every child closes a file and changes directory while its parent lives.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STACK = 64 * 1024 };

struct errand {
    int fd, gate;
    const char *directory;
};

static void die(const char *what) {
    perror(what);
    exit(1);
}

static int child(void *argument) {
    const struct errand *errand = argument;
    char byte;
    if (read(errand->gate, &byte, 1) != 1) _exit(1);
    _exit(close(errand->fd) == -1 || chdir(errand->directory) == -1);
}

static void make(int flags, const char *directory, int gate) {
    char *stack = malloc(STACK);
    struct errand *errand = malloc(sizeof *errand);
    if (stack == NULL || errand == NULL) die("malloc");
    *errand = (struct errand){open("/dev/null", O_RDONLY), gate, directory};
    if (clone(child, stack + STACK, flags | SIGCHLD, errand) == -1) die("clone");
}

int main(void) {
    int gate[2], status;
    if (pipe(gate) == -1 || prctl(PR_SET_CHILD_SUBREAPER, 1) == -1) die("pipe");
    pid_t parent = fork();
    if (parent == 0) {
        make(0, "/", gate[0]);
        make(CLONE_VM, "/usr", gate[0]);
        make(CLONE_FILES, "/etc", gate[0]);
        make(CLONE_FS, "/var", gate[0]);
        _exit(0);
    }
    if (waitpid(parent, &status, 0) == -1) die("waitpid");
    if (write(gate[1], "1234", 4) != 4) die("write");
    while (wait(&status) > 0)
        if (status != 0) return 1;
    return 0;
}
