// Right: the forked child does its work in a second thread, when its first one has ended: a process is all its
// threads.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STACK = 64 * 1024, CHILDREN = 4 };

struct errand {
    int flags;
    const char *directory;
    int fd;
    pthread_t first;
};

static void die(const char *what) {
    perror(what);
    exit(1);
}

static int child(void *argument) {
    const struct errand *errand = argument;
    if (close(errand->fd) == -1 || chdir(errand->directory) == -1) _exit(1);
    _exit(0);
}

static void *second_thread(void *argument) {
    struct errand *errand = argument;
    if (pthread_join(errand->first, NULL) != 0) _exit(2);
    child(errand);
    return NULL;
}

static pid_t start(struct errand *errand, char *top) {
    if (errand->flags != 0) return clone(child, top, errand->flags | SIGCHLD, errand);
    pid_t pid = fork();
    if (pid != 0) return pid;
    pthread_t thread;
    errand->first = pthread_self();
    if (pthread_create(&thread, NULL, second_thread, errand) != 0) _exit(3);
    pthread_exit(NULL);
}

int main(void) {
    struct errand errands[CHILDREN] = {{.directory = "/"},
                                       {.flags = CLONE_VM | CLONE_VFORK, .directory = "/usr"},
                                       {.flags = CLONE_FILES, .directory = "/etc"},
                                       {.flags = CLONE_FS, .directory = "/var"}};
    for (int i = 0; i < CHILDREN; i++) {
        errands[i].fd = open("/dev/null", O_RDONLY);
        char *stack = malloc(STACK);
        if (errands[i].fd == -1 || stack == NULL) die("open or malloc");
        pid_t pid = start(&errands[i], stack + STACK);
        int status;
        if (pid == -1 || waitpid(pid, &status, 0) == -1) die("clone or waitpid");
        if (status != 0) return 1;
        close(errands[i].fd);
    }
    return 0;
}
