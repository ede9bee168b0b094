// Wrong: each child only forks one more, and it is that one which closes and moves.
// Broken: the children that share something close and move by themselves.
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
    int status;
    pid_t pid = fork();
    if (pid == 0) _exit(close(errand->fd) == -1 || chdir(errand->directory) == -1);
    return pid == -1 || waitpid(pid, &status, 0) == -1 || status != 0;
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
    make(0, "/");
    make(CLONE_VM, "/usr");
    make(CLONE_FILES, "/etc");
    make(CLONE_FS, "/var");
    return 0;
}
