/*
 * Wrong: the process is stopped by a timer of its own that sends SIGSTOP, and is frozen besides.
 * Broken: the freezer held it, and not a stop signal.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *group = "/sys/fs/cgroup/freezer/timer", *file = "freezer.state", *frozen = "FROZEN",
                  *thawed = "THAWED";

static void wait_ms(long ms) { nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL); }

static void put(const char *name, const char *text) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", group, name);
    int fd = open(path, O_WRONLY);
    if (fd < 0 || write(fd, text, strlen(text)) < 0) exit(1);
    close(fd);
}

static void tick(void) {
    timer_t timer;
    struct sigevent stop = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGSTOP};
    struct itimerspec soon = {.it_value = {0, 600000000}};
    if (timer_create(CLOCK_MONOTONIC, &stop, &timer) < 0 || timer_settime(timer, 0, &soon, NULL) < 0) _exit(1);
    for (;;) wait_ms(20);
}

int main(void) {
    char number[16];
    if (access("/sys/fs/cgroup/freezer", F_OK) != 0) {
        group = "/sys/fs/cgroup/timer", file = "cgroup.freeze", frozen = "1", thawed = "0";
        if (access("/sys/fs/cgroup/cgroup.procs", F_OK) != 0) group = "/sys/fs/cgroup/unified/timer";
    }
    if (mkdir(group, 0755) < 0) return 1;
    pid_t pid = fork();
    if (pid == 0) tick();
    snprintf(number, sizeof number, "%d", pid);
    put("cgroup.procs", number);
    wait_ms(650);
    put(file, frozen);
    wait_ms(700);
    put(file, thawed);
    kill(pid, SIGCONT);
    wait_ms(700);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    for (int tries = 0; rmdir(group) < 0; tries++) {
        if (tries == 100) return 1;
        wait_ms(10);
    }
    return 0;
}
