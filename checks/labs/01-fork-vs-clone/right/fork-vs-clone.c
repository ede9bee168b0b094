#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct errand {
    const char *name;
    int flags;
    const char *directory;
    int fd;
};

static void die(const char *what) {
    perror(what);
    exit(1);
}

// Ends by _exit(2): exit(3) would flush the parent's stdio buffers as well, or, under CLONE_VM, instead of it.
static int child(void *argument) {
    struct errand *errand = argument;
    if (close(errand->fd) == -1 || chdir(errand->directory) == -1) _exit(1);
    _exit(0);
}

static pid_t start(struct errand *errand, char *stack_top) {
    if (errand->flags != 0) return clone(child, stack_top, errand->flags | SIGCHLD, errand);
    pid_t pid = fork();
    if (pid == 0) child(errand);
    return pid;
}

int main(void) {
    enum { STACK = 64 * 1024 };
    // Every child goes to a directory nobody went to before, so that staying and following look different.
    // CLONE_VFORK keeps the parent still while its memory, errno included, is the child's too.
    struct errand errands[] = {
        {"copy", 0, "/", -1},
        {"memory", CLONE_VM | CLONE_VFORK, "/usr", -1},
        {"files", CLONE_FILES, "/etc", -1},
        {"directory", CLONE_FS, "/var", -1},
    };
    char *stack = malloc(STACK);
    if (stack == NULL) die("malloc");
    for (size_t i = 0; i < sizeof errands / sizeof errands[0]; i++) {
        struct errand *errand = &errands[i];
        char *before = getcwd(NULL, 0);
        if (before == NULL) die("getcwd");
        errand->fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (errand->fd == -1) die("open");
        pid_t pid = start(errand, stack + STACK);
        if (pid == -1) die(errand->name);
        int status;
        if (waitpid(pid, &status, 0) == -1) die("waitpid");
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
            fprintf(stderr, "%s: expected exit code 0, got wait status %#x\n", errand->name, (unsigned)status);
            return 1;
        }
        int closed = fcntl(errand->fd, F_GETFD) == -1;
        if (closed && errno != EBADF) die("fcntl");
        char *after = getcwd(NULL, 0);
        if (after == NULL) die("getcwd");
        int moved = strcmp(before, after) != 0;
        printf("%-10s descriptor %-7s directory %s\n", errand->name, closed ? "closed," : "open,", after);
        if (closed != ((errand->flags & CLONE_FILES) != 0) || moved != ((errand->flags & CLONE_FS) != 0)) return 1;
        if (!closed && close(errand->fd) == -1) die("close");
        free(before);
        free(after);
    }
    free(stack);
    return 0;
}
