// Right: every child stops itself before its errand, until its parent continues it, and is killed when it has told
// that it is done.
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
    int fd, done;
    const char *directory;
};

static void die(const char *what) {
    perror(what);
    exit(1);
}

static int child(void *argument) {
    const struct errand *errand = argument;
    kill(getpid(), SIGSTOP);
    if (close(errand->fd) == -1 || chdir(errand->directory) == -1) _exit(1);
    if (write(errand->done, "x", 1) != 1) _exit(1);
    for (;;) pause();
}

static void make(int flags, const char *directory) {
    int done[2], status;
    char byte, *stack = malloc(STACK);
    if (stack == NULL || pipe(done) == -1) die("pipe");
    struct errand errand = {open("/dev/null", O_RDONLY), done[1], directory};
    pid_t pid = clone(child, stack + STACK, flags | SIGCHLD, &errand);
    if (pid == -1 || waitpid(pid, &status, WUNTRACED) == -1) die("clone");
    if (!WIFSTOPPED(status) || kill(pid, SIGCONT) == -1) die("SIGCONT");
    if (read(done[0], &byte, 1) != 1) die("read");
    if (kill(pid, SIGKILL) == -1 || waitpid(pid, &status, 0) == -1) die("SIGKILL");
}

int main(void) {
    make(0, "/");
    make(CLONE_VM, "/usr");
    make(CLONE_FILES, "/etc");
    make(CLONE_FS, "/var");
    return 0;
}
