// Right: the parent's first thread has ended, and it is another one that makes the children and waits for them.
// cc: -pthread
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
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
    _exit(close(errand->fd) == -1 || chdir(errand->directory) == -1);
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

static void *work(void *first) {
    pthread_join(*(pthread_t *)first, NULL);
    make(0, "/");
    make(CLONE_VM, "/usr");
    make(CLONE_FILES, "/etc");
    make(CLONE_FS, "/var");
    exit(0);
}

int main(void) {
    static pthread_t first, second;
    first = pthread_self();
    if (pthread_create(&second, NULL, work, &first) != 0) die("pthread_create");
    pthread_exit(NULL);
}
