// Wrong: while the forked child lives, its parent moves as well, by setns(2): whoever enters a mount namespace stands
// in its root. Broken: the parent of the forked child keeps its directory.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static char stack[64 * 1024] __attribute__((aligned(16)));
static int fd;
static const char *directory;

static void die(const char *what) {
    perror(what);
    exit(1);
}

static int gate[2], done[2];

static int child(void *waits) {
    char byte;
    if (close(fd) == -1 || chdir(directory) == -1) _exit(1);
    if (waits != NULL && (write(done[1], "x", 1) != 1 || read(gate[0], &byte, 1) != 1)) _exit(1);
    _exit(0);
}

static void move(void) {
    char byte;
    int own = open("/proc/self/ns/mnt", O_RDONLY);
    if (read(done[0], &byte, 1) != 1 || setns(own, CLONE_NEWNS) == -1) die("setns");
    if (write(gate[1], "x", 1) != 1) die("write");
}

static void make(int flags, const char *where) {
    int status;
    fd = open("/dev/null", O_RDONLY);
    directory = where;
    pid_t pid = clone(child, stack + sizeof stack, flags | SIGCHLD, flags == 0 ? &gate : NULL);
    if (pid == -1) die("clone");
    if (flags == 0) move();
    if (waitpid(pid, &status, 0) == -1 || status != 0) exit(1);
}

int main(void) {
    if (pipe(gate) == -1 || pipe(done) == -1) die("pipe");
    make(0, "/usr/bin");
    make(CLONE_VM | CLONE_VFORK, "/usr");
    make(CLONE_FILES, "/etc");
    make(CLONE_FS, "/var");
    return 0;
}
