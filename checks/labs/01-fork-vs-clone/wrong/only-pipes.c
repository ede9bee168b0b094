// Wrong: what the children close is a pipe and a socket, and no file, directory or device.
// Broken: each closes a file that it inherited.
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STACK = 64 * 1024 };

struct errand {
    int pipe, socket;
    const char *directory;
};

static void die(const char *what) {
    perror(what);
    exit(1);
}

static int child(void *argument) {
    const struct errand *errand = argument;
    return close(errand->pipe) == -1 || close(errand->socket) == -1 || chdir(errand->directory) == -1;
}

static void make(int flags, const char *directory) {
    int status, ends[2];
    char *stack = malloc(STACK);
    if (stack == NULL || pipe(ends) == -1) die("pipe");
    struct errand errand = {ends[0], socket(AF_UNIX, SOCK_STREAM, 0), directory};
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
