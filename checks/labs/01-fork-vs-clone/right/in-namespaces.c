// Right: every child has namespaces of its own besides, as those of a container runtime have.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STACK = 64 * 1024 };

struct errand {
    int fd;
    const char *directory;
};

static void die(const char *what) {
    perror(what);
    exit(1);
}

static int child(void *argument) {
    const struct errand *errand = argument;
    return close(errand->fd) == -1 || chdir(errand->directory) == -1;
}

static void make(int flags, const char *directory) {
    int status;
    char *stack = malloc(STACK);
    struct errand errand = {open("/usr", O_RDONLY | O_DIRECTORY), directory};
    if (stack == NULL || errand.fd == -1) die("open");
    pid_t pid = clone(child, stack + STACK, flags | SIGCHLD, &errand);
    if (pid == -1 || waitpid(pid, &status, 0) == -1) die("clone");
    if (status != 0) exit(1);
}

int main(void) {
    make(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC, "/");
    make(CLONE_VM | CLONE_NEWUTS | CLONE_NEWPID, "/usr");
    make(CLONE_FILES | CLONE_NEWCGROUP | CLONE_NEWPID, "/etc");
    // A mount namespace of its own cannot go with CLONE_FS.
    make(CLONE_FS | CLONE_NEWNET, "/var");
    return 0;
}
