// Wrong: two threads write to the limit at the same time, one 20,000,000 and the other 19,900,000, until the child is
// dead: each of them may find what the other has set.
// Broken: the limit was 20,000,000, without another one in between.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char group[64];
static const char *limit;
static atomic_int is_over;
static int tokens[2];

static void die(const char *what) {
    perror(what);
    exit(1);
}

static void set(const char *file, const char *value) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", group, file);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd == -1) return;
    // The group holds more than that already, or the kernel gave up making room.
    if (write(fd, value, strlen(value)) == -1 && errno != EBUSY && errno != EINTR) die(path);
    close(fd);
}

// With each write of a thread the child may take a little more: so both have written often when it dies.
static void *write_always(void *value) {
    while (!is_over) {
        set(limit, value);
        if (write(tokens[1], value, 1) != 1) die("token");
    }
    return NULL;
}

static void take(char token) {
    char next = token;
    while (next == token)
        if (read(tokens[0], &next, 1) != 1) _exit(1);
}

static void grow(void) {
    set("cgroup.procs", "0");
    for (;;) {
        char *volatile block = malloc(1000000);
        if (block == NULL) _exit(1);
        memset(block, 1, 1000000);
        // The first digit of what they write is different.
        take('1');
        take('2');
    }
}

int main(void) {
    int status, v1 = access("/sys/fs/cgroup/memory/memory.limit_in_bytes", F_OK) == 0;
    limit = v1 ? "memory.limit_in_bytes" : "memory.max";
    snprintf(group, sizeof group, "/sys/fs/cgroup/%soom.%d", v1 ? "memory/" : "", (int)getpid());
    if (mkdir(group, 0755) == -1 || pipe(tokens) == -1) die(group);
    set(limit, "20000000");
    set("memory.swap.max", "0");
    pid_t pid = fork();
    if (pid == 0) grow();
    pthread_t low, high;
    if (pthread_create(&low, NULL, write_always, "19900000") != 0) die("thread");
    if (pthread_create(&high, NULL, write_always, "20000000") != 0) die("thread");
    if (waitpid(pid, &status, 0) == -1) die("waitpid");
    is_over = 1;
    pthread_join(low, NULL);
    pthread_join(high, NULL);
    for (int tries = 0; rmdir(group) != 0; tries++) {
        if (errno != EBUSY || tries == 10000) die(group);
        usleep(1000);
    }
    return 0;
}
