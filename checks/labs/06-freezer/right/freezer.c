/* Right: lab 6 in C. The ticker sends a byte each 10 ms, and so the parent counts its work. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct dialect {
    const char *root, *file, *freeze, *thaw, *state, *frozen;
};

static const struct dialect V1 = {"/sys/fs/cgroup/freezer", "freezer.state", "FROZEN", "THAWED",
                                  "freezer.state",          "FROZEN"};
static const struct dialect V2 = {"/sys/fs/cgroup", "cgroup.freeze", "1", "0", "cgroup.events", "frozen 1"};

static char group[64];

static void check(int result, const char *what) {
    if (result == 0) return;
    perror(what);
    exit(1);
}

static int open_file(const char *file, int flags) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", group, file);
    int fd = open(path, flags | O_CLOEXEC);
    check(fd == -1, path);
    return fd;
}

static void set(const char *file, const char *value) {
    int fd = open_file(file, O_WRONLY);
    check(write(fd, value, strlen(value)) == -1, file);
    close(fd);
}

static int says(const char *file, const char *word) {
    char text[256] = "";
    int fd = open_file(file, O_RDONLY);
    check(read(fd, text, sizeof text - 1) == -1, file);
    close(fd);
    return strstr(text, word) != NULL;
}

static void tick(const int gate[2], const int ticks[2]) {
    char byte;
    close(gate[1]);
    close(ticks[0]);
    if (read(gate[0], &byte, 1) != 1) _exit(1);
    while (write(ticks[1], "x", 1) == 1) usleep(10000);
    _exit(1);
}

static void read_ticks(int fd, int count) {
    char byte;
    for (int i = 0; i < count; i++) check(read(fd, &byte, 1) != 1, "the ticker has ended");
}

static int unread(int fd) {
    int count;
    check(ioctl(fd, FIONREAD, &count), "FIONREAD");
    return count;
}

int main(void) {
    const struct dialect *freezer = access(V1.root, F_OK) == 0 ? &V1 : &V2;
    char number[16];
    int gate[2], ticks[2], status;
    snprintf(group, sizeof group, "%s/ticks.%d", freezer->root, (int)getpid());
    check(mkdir(group, 0755), group);
    check(pipe(gate), "pipe");
    check(pipe(ticks), "pipe");
    pid_t pid = fork();
    check(pid == -1, "fork");
    if (pid == 0) tick(gate, ticks);
    close(gate[0]);
    close(ticks[1]);
    snprintf(number, sizeof number, "%d", (int)pid);
    set("cgroup.procs", number);
    check(write(gate[1], "x", 1) != 1, "write");

    read_ticks(ticks[0], 50);
    set(freezer->file, freezer->freeze);
    // The kernel freezes asynchronously, and reports when it is done.
    for (int tries = 0; !says(freezer->state, freezer->frozen); tries++) check(tries == 100000, "not frozen");
    int before = unread(ticks[0]);
    usleep(700000);
    int after = unread(ticks[0]);
    set(freezer->file, freezer->thaw);
    read_ticks(ticks[0], after + 70);

    check(kill(pid, SIGKILL), "kill");
    check(waitpid(pid, &status, 0) != pid, "waitpid");
    // The group can be removed only when the kernel has taken the dead process out of it.
    for (int tries = 0; rmdir(group) != 0; tries++) {
        check(errno != EBUSY || tries == 60000, group);
        usleep(1000);
    }
    return after == before ? 0 : 1;
}
