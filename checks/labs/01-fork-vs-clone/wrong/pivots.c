// Wrong: the forked child moves by pivot_root(2), and takes along its parent, which stood in the old root.
// Broken: the forked child leaves its parent where it is.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STACK = 64 * 1024 };

struct errand {
    int fd;
    const char *directory;
};

static void pivot(void) {
    if (mkdir("/tmp/new", 0755) == -1 || mount("new", "/tmp/new", "tmpfs", 0, NULL) == -1) _exit(1);
    if (mkdir("/tmp/new/old", 0755) == -1 || syscall(SYS_pivot_root, "/tmp/new", "/tmp/new/old") == -1) _exit(1);
}

static int child(void *argument) {
    const struct errand *errand = argument;
    if (close(errand->fd) == -1) _exit(1);
    if (errand->directory == NULL) pivot();
    _exit(errand->directory != NULL && chdir(errand->directory) == -1);
}

static void run(int flags, const char *directory) {
    struct errand errand = {open("/proc/version", O_RDONLY), directory};
    char *stack = malloc(STACK);
    int status;
    pid_t pid = clone(child, stack + STACK, flags | SIGCHLD, &errand);
    if (pid == -1 || waitpid(pid, &status, 0) == -1 || status != 0) exit(1);
}

int main(void) {
    if (unshare(CLONE_NEWNS) == -1 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1) return 1;
    if (chdir("/") == -1) return 1;
    run(0, NULL);
    if (chroot("/old") == -1 || chdir("/") == -1) return 1;
    run(CLONE_VM, "/usr");
    run(CLONE_FS, "/etc");
    run(CLONE_FILES, "/var");
    return 0;
}
