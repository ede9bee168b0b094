// Wrong: the copy shares what semop(2) would undo at its end, a list that kcmp(2) compares as well (KCMP_SYSVSEM).
// Broken: a forked child works on a copy.
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
    struct errand errand = {open("/dev/null", O_RDONLY), directory};
    if (stack == NULL || errand.fd == -1) die("open");
    pid_t pid = clone(child, stack + STACK, flags | SIGCHLD, &errand);
    if (pid == -1 || waitpid(pid, &status, 0) == -1) die("clone");
    if (status != 0) exit(1);
}

int main(void) {
    make(CLONE_SYSVSEM, "/");
    make(CLONE_VM, "/usr");
    make(CLONE_FILES, "/etc");
    make(CLONE_FS, "/var");
    return 0;
}
