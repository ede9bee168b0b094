// Wrong: the first child shares descriptors and directory until it calls unshare(2), and then acts; the CLONE_FILES
// child leaves the table by the same call with which it closes. Broken: one shares nothing; what one closes is closed
// in its parent.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char stack[64 * 1024] __attribute__((aligned(16)));
static int fd;
static const char *directory;

static void die(const char *what) {
    perror(what);
    exit(1);
}

/* CLOSE_RANGE_UNSHARE, <linux/close_range.h>. */
enum { UNSHARE = 2 };

static int close_own(int flags) {
    if (flags == (CLONE_FILES | CLONE_FS) && unshare(flags) == -1) return -1;
    return flags == CLONE_FILES ? (int)syscall(SYS_close_range, fd, fd, UNSHARE) : close(fd);
}

static int child(void *flags) { _exit(close_own(*(int *)flags) == -1 || chdir(directory) == -1); }

static void make(int flags, const char *where) {
    int status;
    fd = open("/dev/null", O_RDONLY);
    directory = where;
    pid_t pid = clone(child, stack + sizeof stack, flags | SIGCHLD, &flags);
    if (pid == -1 || waitpid(pid, &status, 0) == -1) die("clone");
    if (status != 0) exit(1);
}

int main(void) {
    make(CLONE_FILES | CLONE_FS, "/");
    make(CLONE_VM | CLONE_VFORK, "/usr");
    make(CLONE_FILES, "/etc");
    make(CLONE_FS, "/var");
    return 0;
}
