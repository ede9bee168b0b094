// Wrong: the kernel kills 2 when the thread that made it ends (PR_SET_PDEATHSIG); PID 1 comes too late.
// Broken: PID 1 kills 2.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t outer;
static int gate[2];

static void *rest(void *unused) {
    siginfo_t info;
    int status;
    (void)unused;
    if (kill(outer, SIGKILL) != -1 || errno != ESRCH) _exit(1);
    // It stays a zombie, so that the number is still taken.
    if (waitid(P_PID, 2, &info, WEXITED | WNOWAIT) == -1 || kill(2, SIGKILL) == -1) _exit(1);
    if (waitpid(2, &status, 0) == -1) _exit(1);
    close(gate[1]);
    for (pid_t number = 3; number <= 4; number++)
        if (waitpid(number, &status, 0) == -1 || status != 0) _exit(1);
    _exit(0);
}

static void init(void) {
    int ready[2];
    char byte;
    pthread_t thread;
    if (pipe(gate) == -1 || pipe(ready) == -1) _exit(1);
    for (int i = 0; i < 3; i++) {
        if (fork() != 0) continue;
        close(gate[1]);
        if (i == 0 && (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 || write(ready[1], "x", 1) != 1)) _exit(1);
        _exit(read(gate[0], &byte, 1) != 0);
    }
    if (read(ready[0], &byte, 1) != 1 || pthread_create(&thread, NULL, rest, NULL) != 0) _exit(1);
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
