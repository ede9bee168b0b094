/* Right: lab 6 in C, with an interval timer for a clock: what wakes the ticker is a signal, and its own. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

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

static void on_alarm(int signal) { (void)signal; }

static void tick(void) {
    const struct itimerval every = {{0, 20000}, {0, 20000}};
    set("cgroup.procs", "0");
    signal(SIGALRM, on_alarm);
    check(setitimer(ITIMER_REAL, &every, NULL), "setitimer");
    for (;;) pause();
}

int main(void) {
    int v1 = access("/sys/fs/cgroup/freezer", F_OK) == 0, status;
    const char *file = v1 ? "freezer.state" : "cgroup.freeze", *state = v1 ? "freezer.state" : "cgroup.events";
    snprintf(group, sizeof group, "/sys/fs/cgroup/%sticks.%d", v1 ? "freezer/" : "", (int)getpid());
    check(mkdir(group, 0755), group);
    pid_t pid = fork();
    check(pid == -1, "fork");
    if (pid == 0) tick();
    while (!says("cgroup.procs", "\n")) usleep(1000);
    usleep(500000);

    set(file, v1 ? "FROZEN" : "1");
    while (!says(state, v1 ? "FROZEN" : "frozen 1")) usleep(100);
    usleep(600000);
    set(file, v1 ? "THAWED" : "0");
    usleep(700000);

    check(kill(pid, SIGKILL), "kill");
    check(waitpid(pid, &status, 0) != pid, "waitpid");
    /* The group can be removed only when the kernel has taken the dead process out of it. */
    for (int tries = 0; rmdir(group) != 0; tries++) {
        check(errno != EBUSY || tries == 60000, group);
        usleep(1000);
    }
    return 0;
}
