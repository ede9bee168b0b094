// Wrong: two of the children run their own program anew, found by its descriptor, and only then close and move.
// Broken: the copy, and the child that shares the directory, run no other program.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STACK = 64 * 1024 };

struct errand {
    int flags, fd;
    char *directory;
};

static void die(const char *what) {
    perror(what);
    exit(1);
}

static int run(int fd, const char *directory) { return close(fd) == -1 || chdir(directory) == -1; }

static int child(void *argument) {
    const struct errand *errand = argument;
    char number[16], *const words[] = {"", number, errand->directory, NULL}, *const environment[] = {NULL};
    if (errand->flags & (CLONE_VM | CLONE_FILES)) return run(errand->fd, errand->directory);
    snprintf(number, sizeof number, "%d", errand->fd);
    fexecve(open("/proc/self/exe", O_RDONLY | O_CLOEXEC), words, environment);
    return 1;
}

static void make(int flags, char *directory) {
    int status;
    char *stack = malloc(STACK);
    struct errand errand = {flags, open("/dev/null", O_RDONLY), directory};
    if (stack == NULL || errand.fd == -1) die("open");
    pid_t pid = clone(child, stack + STACK, flags | SIGCHLD, &errand);
    if (pid == -1 || waitpid(pid, &status, 0) == -1) die("clone");
    if (status != 0) exit(1);
}

int main(int count, char *words[]) {
    if (count == 3) return run(atoi(words[1]), words[2]);
    make(0, "/");
    make(CLONE_VM, "/usr");
    make(CLONE_FILES, "/etc");
    make(CLONE_FS, "/var");
    return 0;
}
