// Wrong: the forked child and the CLONE_FS child become a shell that closes and moves, and give it an empty name.
// Broken: the child runs no other program.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STACK = 64 * 1024, CHILDREN = 4 };

struct errand {
    int flags;
    const char *directory;
    int becomes_shell;
    int fd;
};

static void die(const char *what) {
    perror(what);
    exit(1);
}

static int child(void *argument) {
    const struct errand *errand = argument;
    if (errand->becomes_shell) {
        char command[100];
        snprintf(command, sizeof command, "exec %d<&-; cd %s; exit 0", errand->fd, errand->directory);
        char *words[] = {"", "-c", command, NULL};
        execv("/bin/sh", words);
        _exit(9);
    }
    if (close(errand->fd) == -1 || chdir(errand->directory) == -1) _exit(1);
    _exit(0);
}

int main(void) {
    struct errand errands[CHILDREN] = {{0, "/", 1, -1},
                                       {CLONE_VM | CLONE_VFORK, "/usr", 0, -1},
                                       {CLONE_FILES, "/etc", 0, -1},
                                       {CLONE_FS, "/var", 1, -1}};
    for (int i = 0; i < CHILDREN; i++) {
        errands[i].fd = open("/dev/null", O_RDONLY);
        char *stack = malloc(STACK);
        if (errands[i].fd == -1 || stack == NULL) die("open or malloc");
        pid_t pid = clone(child, stack + STACK, errands[i].flags | SIGCHLD, &errands[i]);
        int status;
        if (pid == -1 || waitpid(pid, &status, 0) == -1) die("clone or waitpid");
        if (status != 0) return 1;
        close(errands[i].fd);
    }
    return 0;
}
