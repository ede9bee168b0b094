/* Right: lab 5 by fork(2), malloc(3) and memset(3), one million bytes a step, as in C articles. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char group[64];

static void check(int result, const char *what) {
    if (result == 0) return;
    perror(what);
    exit(1);
}

/* Writes to a file of the group; a file that this kernel does not have (ENOENT) is passed over. */
static int set(const char *file, const char *value) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", group, file);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd == -1 && errno == ENOENT) return 0;
    check(fd == -1 || write(fd, value, strlen(value)) == -1, path);
    close(fd);
    return 1;
}

static void make_group(void) {
    int v1 = access("/sys/fs/cgroup/memory/memory.limit_in_bytes", F_OK) == 0;
    snprintf(group, sizeof group, "/sys/fs/cgroup/%soom.%d", v1 ? "memory/" : "", (int)getpid());
    check(mkdir(group, 0755), group);
    int limited = set(v1 ? "memory.limit_in_bytes" : "memory.max", "20000000");
    check(!limited, "no memory controller");
    // With swap left to it, the child would be moved out to disk rather than killed.
    set("memory.memsw.limit_in_bytes", "20000000");
    set("memory.swap.max", "0");
}

static void grow(const int gate[2]) {
    char byte;
    close(gate[1]);
    // What it touched before it joined would not count.
    if (read(gate[0], &byte, 1) != 1) _exit(1);
    for (int step = 1;; step++) {
        // Volatile: a compiler may leave out memory that is never read.
        char *volatile block = malloc(1000000);
        if (block == NULL) _exit(1);
        memset(block, step, 1000000);
    }
}

int main(void) {
    char number[16];
    int gate[2], status;
    make_group();
    check(pipe(gate), "pipe");
    pid_t pid = fork();
    check(pid == -1, "fork");
    if (pid == 0) grow(gate);
    check(close(gate[0]), "close");
    snprintf(number, sizeof number, "%d", (int)pid);
    set("cgroup.procs", number);
    check(write(gate[1], "x", 1) != 1, "write");
    check(waitpid(pid, &status, 0) != pid, "waitpid");
    // The group can be removed only when the kernel has taken the dead process out of it.
    for (int tries = 0; rmdir(group) != 0; tries++) {
        check(errno != EBUSY || tries == 60000, group);
        usleep(1000);
    }
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? 0 : 1;
}
