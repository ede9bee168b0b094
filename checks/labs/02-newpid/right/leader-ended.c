// Right: the first thread of PID 1 ends when its three children are there; another one kills 2, waits, and ends them
// all.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t outer;
static pthread_t first;
static int gate[2];

static void *rest(void *unused) {
    int status;
    (void)unused;
    if (pthread_join(first, NULL) != 0) _exit(1);
    if (kill(outer, SIGKILL) != -1 || errno != ESRCH) _exit(1);
    if (kill(2, SIGKILL) == -1 || waitpid(2, &status, 0) == -1) _exit(1);
    close(gate[1]);
    for (pid_t number = 3; number <= 4; number++)
        if (waitpid(number, &status, 0) == -1 || status != 0) _exit(1);
    exit(0);
}

static void init(void) {
    char byte;
    pthread_t thread;
    if (pipe(gate) == -1) _exit(1);
    for (int i = 0; i < 3; i++) {
        if (fork() != 0) continue;
        close(gate[1]);
        _exit(read(gate[0], &byte, 1) != 0);
    }
    first = pthread_self();
    if (pthread_create(&thread, NULL, rest, NULL) != 0) _exit(1);
    pthread_exit(NULL);
}

int main(void) {
    int status;
    outer = getpid();
    if (unshare(CLONE_NEWPID) == -1) return 1;
    pid_t pid = fork();
    if (pid == 0) init();
    return pid == -1 || waitpid(pid, &status, 0) == -1 || status != 0;
}
