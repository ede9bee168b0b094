// Right: the thread that makes the children has a directory of its own (unshare(CLONE_FS)), as a Go program gives it
// to the thread with which it enters namespaces. That is the one which the CLONE_FS child changes.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char stack[64 * 1024] __attribute__((aligned(16)));
static int fd;
static const char *directory;

static void die(const char *what) {
    perror(what);
    exit(1);
}

static int child(void *argument) { _exit(argument != NULL || close(fd) == -1 || chdir(directory) == -1); }

static void make(int flags, const char *where) {
    int status;
    fd = open("/dev/null", O_RDONLY);
    directory = where;
    pid_t pid = clone(child, stack + sizeof stack, flags | SIGCHLD, NULL);
    if (pid == -1 || waitpid(pid, &status, 0) == -1) die("clone");
    if (status != 0) exit(1);
}

static void *work(void *nothing) {
    char where[64];
    if (unshare(CLONE_FS) == -1) die("unshare");
    make(0, "/");
    make(CLONE_VM | CLONE_VFORK, "/usr");
    make(CLONE_FILES, "/etc");
    make(CLONE_FS, "/var");
    if (getcwd(where, sizeof where) == NULL || strcmp(where, "/var") != 0) exit(1);
    return nothing;
}

int main(void) {
    char before[4096], after[4096];
    pthread_t thread;
    if (getcwd(before, sizeof before) == NULL || pthread_create(&thread, NULL, work, NULL) != 0) die("start");
    if (pthread_join(thread, NULL) != 0 || getcwd(after, sizeof after) == NULL) die("end");
    return strcmp(before, after) == 0 ? 0 : 1;
}
