/*
 * Five processes sleep in five system calls while their group is frozen and thawed. Then each gets what it waits for.
 * What does each call return? The group's folder, in either dialect, is the argument.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int ends[2], semaphore;
static sigset_t usr1;

static int by_poll(void) { return poll(&(struct pollfd){.fd = ends[0], .events = POLLIN}, 1, -1); }

static int by_epoll_wait(void) {
    struct epoll_event event = {.events = EPOLLIN};
    int epoll = epoll_create1(0);
    epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event);
    return epoll_wait(epoll, &event, 1, -1);
}

static int by_nanosleep(void) { return nanosleep(&(struct timespec){.tv_nsec = 300 * 1000 * 1000}, NULL); }

static int by_semop(void) { return semop(semaphore, &(struct sembuf){.sem_op = -1}, 1); }

static int by_sigtimedwait(void) { return sigtimedwait(&usr1, NULL, &(struct timespec){.tv_sec = 3600}); }

static const struct {
    const char *name;
    int (*sleep)(void);
} calls[] = {
    {"nanosleep", by_nanosleep},       {"poll", by_poll}, {"epoll_wait", by_epoll_wait}, {"semop", by_semop},
    {"sigtimedwait", by_sigtimedwait},
};
enum { COUNT = sizeof calls / sizeof calls[0] };

static void put(const char *name, const char *text) {
    int fd = open(name, O_WRONLY);
    if (fd < 0 || write(fd, text, strlen(text)) < 0) err(1, "%s", name);
    close(fd);
}

/** Waits until a file has a text in it. */
static void await(const char *name, const char *text) {
    for (char seen[4096] = ""; !strstr(seen, text); usleep(1000)) {
        int fd = open(name, O_RDONLY);
        ssize_t length = fd < 0 ? -1 : read(fd, seen, sizeof seen - 1);
        if (length < 0) err(1, "%s", name);
        seen[length] = 0;
        close(fd);
    }
}

int main(int argc, char **argv) {
    pid_t pids[COUNT];
    char name[64];
    if (argc != 2 || chdir(argv[1]) < 0) errx(2, "give it the folder of a control group");
    int is_v2 = access("cgroup.freeze", F_OK) == 0;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    sigprocmask(SIG_BLOCK, &usr1, NULL);
    semaphore = semget(IPC_PRIVATE, 1, 0600);
    if (semaphore < 0 || pipe(ends) < 0) err(1, "what they wait for");
    for (int i = 0; i < COUNT; i++) {
        pids[i] = fork();
        if (pids[i] < 0) err(1, "fork");
        if (pids[i] == 0) { _exit(calls[i].sleep() < 0 ? errno : 0); }
        snprintf(name, sizeof name, "%d", pids[i]);
        put("cgroup.procs", name);
        snprintf(name, sizeof name, "/proc/%d/stat", pids[i]);
        await(name, ") S ");
    }
    put(is_v2 ? "cgroup.freeze" : "freezer.state", is_v2 ? "1" : "FROZEN");
    await(is_v2 ? "cgroup.events" : "freezer.state", is_v2 ? "frozen 1" : "FROZEN");
    put(is_v2 ? "cgroup.freeze" : "freezer.state", is_v2 ? "0" : "THAWED");
    await(is_v2 ? "cgroup.events" : "freezer.state", is_v2 ? "frozen 0" : "THAWED");
    // Only now comes what they wait for. One that was interrupted has its answer already.
    if (write(ends[1], "x", 1) < 0 || semctl(semaphore, 0, SETVAL, 1) < 0) err(1, "what they wait for");
    for (int i = 0; i < COUNT; i++) {
        int status;
        kill(pids[i], SIGUSR1);
        if (waitpid(pids[i], &status, 0) < 0) err(1, "waitpid");
        printf("%-12s  %s\n", calls[i].name, WEXITSTATUS(status) ? strerror(WEXITSTATUS(status)) : "noticed nothing");
    }
    semctl(semaphore, 0, IPC_RMID);
    return 0;
}
