// Right: children without a signal at their end, which only __WALL waits for; they close a directory and go to its
// neighbour by a relative path.
#define _GNU_SOURCE
#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STACK = 256 * 1024 };

static void die(const char *what) {
    perror(what);
    exit(1);
}

static int child(void *argument) {
    DIR *directory = argument;
    return close(dirfd(directory)) == -1 || chdir("../etc") == -1;
}

static void make(int flags) {
    int status;
    char *stack = malloc(STACK);
    DIR *directory = opendir(".");
    if (stack == NULL || directory == NULL) die("opendir");
    pid_t pid = clone(child, stack + STACK, flags, directory);
    if (pid == -1 || waitpid(pid, &status, __WALL) == -1) die("waitpid");
    if (status != 0) exit(1);
}

int main(void) {
    if (chdir("/usr") == -1) die("chdir");
    make(0);
    make(CLONE_VM);
    make(CLONE_FILES);
    make(CLONE_FS);
    return 0;
}
