// Right: each child does its errand when a signal tells it to, in the handler, and ends itself by SIGKILL when that
// is done.
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

static void act(int signal) {
    if (signal != SIGUSR1 || close(fd) == -1 || chdir(directory) == -1) _exit(1);
    kill(getpid(), SIGKILL);
}

static int child(void *none) {
    for (;;) sigsuspend(none);
    return 0;
}

static void make(int flags, const char *path, const char *where, sigset_t *none) {
    int status;
    fd = open(path, O_RDONLY);
    directory = where;
    pid_t pid = clone(child, stack + sizeof stack, flags | SIGCHLD, none);
    if (fd == -1 || pid == -1 || kill(pid, SIGUSR1) == -1 || waitpid(pid, &status, 0) == -1) die("clone");
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) exit(1);
}

int main(void) {
    sigset_t none, usr1;
    sigemptyset(&none);
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    // Until a child waits, the signal stays pending.
    if (sigprocmask(SIG_BLOCK, &usr1, NULL) == -1 || signal(SIGUSR1, act) == SIG_ERR) die("signal");
    make(0, "/etc/passwd", "/", &none);
    make(CLONE_VM, "/usr", "/usr", &none);
    make(CLONE_FILES, "/dev/zero", "/etc", &none);
    make(CLONE_FS, "/etc", "/var", &none);
    return 0;
}
