/*
 * Hostile: kills processes in the middle of the calls at which the observer looks at them: kill(2), fork, unshare and
 * exit. The observer must cope with a process that is gone when it looks.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 6, CALLERS = 6 };

static void call(int way) {
    if (way % 2) unshare(CLONE_NEWNET);
    for (;;) {
        kill(getppid(), 0);
        if (way > 2 && fork() == 0) _exit(0);
        waitpid(-1, NULL, way > 4 ? 0 : WNOHANG);
    }
}

int main(void) {
    char host[64] = "";
    if (gethostname(host, sizeof host - 1) < 0 || strcmp(host, "sandbox") != 0) return 2; /* Only for a sandbox. */
    for (int round = 0; round < ROUNDS; round++) {
        pid_t children[CALLERS];
        for (int i = 0; i < CALLERS; i++) {
            children[i] = fork();
            if (children[i] == 0) call(i);
        }
        nanosleep(&(struct timespec){.tv_nsec = 1000L * (rand() % 5000)}, NULL);
        for (int i = 0; i < CALLERS; i++) kill(children[i], SIGKILL);
        for (int i = 0; i < CALLERS; i++) waitpid(children[i], NULL, 0);
    }
    kill(-1, SIGKILL);
    return 0;
}
