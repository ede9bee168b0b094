// Wrong: what each child inherits is a pipe. It puts a file that it has opened itself in the place of that, and
// closes it. Broken: every child closes a file that it inherited.
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

static int child(void *argument) {
    int own = open("/etc/passwd", O_RDONLY);
    _exit(argument != NULL || dup2(own, fd) == -1 || close(fd) == -1 || chdir(directory) == -1);
}

static void make(int flags, const char *where) {
    int status, ends[2];
    if (pipe(ends) == -1) die("pipe");
    fd = ends[0];
    directory = where;
    pid_t pid = clone(child, stack + sizeof stack, flags | SIGCHLD, NULL);
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
