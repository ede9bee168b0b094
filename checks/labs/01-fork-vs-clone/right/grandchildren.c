// Right: the forked child does its own errand first, and then it is the one that makes the other three.
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

static int run(void *argument) {
    const struct errand *errand = argument;
    return close(errand->fd) == -1 || chdir(errand->directory) == -1;
}

static void await(pid_t pid) {
    int status;
    if (pid == -1 || waitpid(pid, &status, 0) == -1) die("child");
    if (status != 0) exit(1);
}

static void make(int flags, const char *directory) {
    char *stack = malloc(STACK);
    struct errand errand = {open("/dev/null", O_RDONLY), directory};
    if (stack == NULL || errand.fd == -1) die("open");
    await(clone(run, stack + STACK, flags | SIGCHLD, &errand));
}

int main(void) {
    struct errand errand = {open("/etc/passwd", O_RDONLY), "/"};
    pid_t pid = fork();
    if (pid == 0) {
        if (run(&errand) != 0) _exit(1);
        make(CLONE_VM, "/usr");
        make(CLONE_FILES, "/etc");
        make(CLONE_FS, "/var");
        _exit(0);
    }
    await(pid);
    return 0;
}
