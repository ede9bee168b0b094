// Right: four threads of the parent at once, each of which makes one child and waits for it.
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

enum { STACK = 64 * 1024, CHILDREN = 4 };

struct errand {
    int flags;
    const char *directory;
    int fd;
};

static void die(const char *what) {
    perror(what);
    exit(1);
}

static int child(void *argument) {
    const struct errand *errand = argument;
    _exit(close(errand->fd) == -1 || chdir(errand->directory) == -1);
}

static void *make(void *argument) {
    struct errand *errand = argument;
    char *stack = malloc(STACK);
    int status;
    if (stack == NULL) die("malloc");
    pid_t pid = clone(child, stack + STACK, errand->flags | SIGCHLD, errand);
    if (pid == -1 || waitpid(pid, &status, 0) == -1) die("clone");
    if (status != 0) exit(1);
    return NULL;
}

int main(void) {
    static struct errand errands[CHILDREN] = {
        {0, "/", -1}, {CLONE_VM, "/usr", -1}, {CLONE_FILES, "/etc", -1}, {CLONE_FS, "/var", -1}};
    pthread_t threads[CHILDREN];
    for (int i = 0; i < CHILDREN; i++) {
        errands[i].fd = open("/dev/null", O_RDONLY);
        if (errands[i].fd == -1) die("open");
    }
    for (int i = 0; i < CHILDREN; i++)
        if (pthread_create(&threads[i], NULL, make, &errands[i]) != 0) die("pthread_create");
    for (int i = 0; i < CHILDREN; i++) pthread_join(threads[i], NULL);
    return 0;
}
