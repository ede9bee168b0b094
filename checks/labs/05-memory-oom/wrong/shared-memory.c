// Wrong: a second process, outside the group, shares the memory of the child (CLONE_VM), so that the kernel kills it
// too. Broken: nobody else died.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STACK = 64 * 1024 };

static char group[64];

static void die(const char *what) {
    perror(what);
    exit(1);
}

/* Writes to a file of the group; a file that this kernel does not have (ENOENT) is passed over. */
static void set(const char *file, const char *value) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", group, file);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd == -1 && errno == ENOENT) return;
    if (fd == -1 || write(fd, value, strlen(value)) == -1) die(path);
    close(fd);
}

static int stay(void *unused) {
    (void)unused;
    while (pause() == -1) continue;
    return 0;
}

static void grow(void) {
    char *stack = malloc(STACK);
    if (stack == NULL || clone(stay, stack + STACK, CLONE_VM | SIGCHLD, NULL) == -1) die("clone");
    set("cgroup.procs", "0");
    for (;;) {
        char *volatile block = malloc(1000000);
        if (block == NULL) _exit(1);
        memset(block, 1, 1000000);
    }
}

int main(void) {
    int status, v1 = access("/sys/fs/cgroup/memory/memory.limit_in_bytes", F_OK) == 0;
    snprintf(group, sizeof group, "/sys/fs/cgroup/%soom.%d", v1 ? "memory/" : "", (int)getpid());
    if (mkdir(group, 0755) == -1) die(group);
    for (int i = 0; i < 3; i++)
        set((const char *[]){"memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.max"}[i], "20000000");
    set("memory.swap.max", "0");
    pid_t pid = fork();
    if (pid == 0) grow();
    if (pid == -1 || waitpid(pid, &status, 0) == -1) die("fork");
    for (int tries = 0; rmdir(group) != 0; tries++) {
        if (errno != EBUSY || tries == 60000) die(group);
        usleep(1000);
    }
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? 0 : 1;
}
