// Wrong: the forked child opens the file of its parent a second time, puts that in the place of what it has
// inherited, and closes it. Broken: the forked child closes a file that it inherited.
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
    int fd, flags;
    const char *directory;
};

static void die(const char *what) {
    perror(what);
    exit(1);
}

static int child(void *argument) {
    const struct errand *errand = argument;
    if (errand->flags == 0 && (dup(errand->fd) == -1 || dup2(open("/dev/null", O_RDONLY), errand->fd) == -1))
        return 1;
    return close(errand->fd) == -1 || chdir(errand->directory) == -1;
}

static void make(int flags, const char *directory) {
    int status;
    char *stack = malloc(STACK);
    if (stack == NULL) die("malloc");
    struct errand errand = {open("/dev/null", O_RDONLY), flags, directory};
    pid_t pid = clone(child, stack + STACK, flags | SIGCHLD, &errand);
    if (pid == -1 || waitpid(pid, &status, 0) == -1) die("clone");
    if (status != 0) exit(1);
}

int main(void) {
    make(0, "/");
    make(CLONE_VM | CLONE_VFORK, "/usr");
    make(CLONE_FILES, "/etc");
    make(CLONE_FS, "/var");
    return 0;
}
