// Wrong: two threads write to the limit at the same time, one 20,000,000 and the other 19,900,000, until the child is
// dead: each of them may find what the other has set.
// Broken: the limit was 20,000,000, without another one in between.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char group[64];
static const char *limit;
static struct writer {
    const char *value;
    int asked[2];
} writers[2] = {{"19900000", {0}}, {"20000000", {0}}};
static int done[2];

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

// Each waits to be asked, so that the two write between any two steps of the child.
static void *write_when_asked(void *argument) {
    const struct writer *writer = argument;
    char byte;
    while (read(writer->asked[0], &byte, 1) == 1) {
        set(limit, writer->value);
        if (write(done[1], "x", 1) != 1) die("done");
    }
    return NULL;
}

static void grow(void) {
    char bytes[2];
    set("cgroup.procs", "0");
    for (;;) {
        char *volatile block = malloc(1000000);
        if (block == NULL) _exit(1);
        memset(block, 1, 1000000);
        for (int i = 0; i < 2; i++)
            if (write(writers[i].asked[1], "x", 1) != 1) _exit(1);
        for (int i = 0; i < 2; i++)
            if (read(done[0], bytes, 1) != 1) _exit(1);
    }
}

int main(void) {
    int status, v1 = access("/sys/fs/cgroup/memory/memory.limit_in_bytes", F_OK) == 0;
    limit = v1 ? "memory.limit_in_bytes" : "memory.max";
    snprintf(group, sizeof group, "/sys/fs/cgroup/%soom.%d", v1 ? "memory/" : "", (int)getpid());
    if (mkdir(group, 0755) == -1 || pipe(done) == -1) die(group);
    if (pipe(writers[0].asked) == -1 || pipe(writers[1].asked) == -1) die("pipe");
    set(limit, "20000000");
    set("memory.swap.max", "0");
    pid_t pid = fork();
    if (pid == 0) grow();
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        if (pthread_create(&threads[i], NULL, write_when_asked, &writers[i]) != 0) die("thread");
    if (waitpid(pid, &status, 0) == -1) die("waitpid");
    // Then nobody is left who could ask.
    for (int i = 0; i < 2; i++) close(writers[i].asked[1]);
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    for (int tries = 0; rmdir(group) != 0; tries++) {
        if (errno != EBUSY || tries == 10000) die(group);
        usleep(1000);
    }
    return 0;
}
