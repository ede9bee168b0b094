// Right: while the child that shares the descriptors still lives, its parent opens another file, which gets the
// number of the one that the child has closed for both, and closes that.
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
    int fd, done, gate;
    const char *directory;
};

static void die(const char *what) {
    perror(what);
    exit(1);
}

static int child(void *argument) {
    const struct errand *errand = argument;
    char byte;
    if (close(errand->fd) == -1 || chdir(errand->directory) == -1 || write(errand->done, "x", 1) != 1) return 1;
    return read(errand->gate, &byte, 1) != 1;
}

static void make(int flags, const char *directory) {
    int status, done[2], gate[2];
    char byte, *stack = malloc(STACK);
    if (stack == NULL || pipe(done) == -1 || pipe(gate) == -1) die("pipe");
    struct errand errand = {open("/dev/null", O_RDONLY), done[1], gate[0], directory};
    pid_t pid = clone(child, stack + STACK, flags | SIGCHLD, &errand);
    if (pid == -1 || read(done[0], &byte, 1) != 1) die("clone");
    if (flags == CLONE_FILES && (open("/dev/null", O_RDONLY) != errand.fd || close(errand.fd) == -1)) die("open");
    if (write(gate[1], "x", 1) != 1 || waitpid(pid, &status, 0) == -1) die("write");
    if (status != 0) exit(1);
}

int main(void) {
    make(0, "/");
    make(CLONE_VM, "/usr");
    make(CLONE_FILES, "/etc");
    make(CLONE_FS, "/var");
    return 0;
}
