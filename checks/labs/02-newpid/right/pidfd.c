// Right: 2 is killed by pidfd_send_signal(2), and the process outside is asked for by rt_sigqueueinfo(2), whose
// number has come through a pipe.
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILDREN = 3 };

static void die(const char *what) {
    perror(what);
    exit(1);
}

static int init(int line) {
    pid_t children[CHILDREN], outside;
    int gate[2], status;
    char byte;
    if (read(line, &outside, sizeof outside) != sizeof outside || pipe(gate) == -1) die("pipe");
    for (int i = 0; i < CHILDREN; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            close(gate[1]);
            _exit(read(gate[0], &byte, 1) == 0 ? 0 : 1);
        }
    }
    siginfo_t info = {.si_signo = SIGKILL, .si_code = SI_QUEUE};
    if (syscall(SYS_rt_sigqueueinfo, outside, SIGKILL, &info) != -1 || errno != ESRCH) die("rt_sigqueueinfo");
    int second = syscall(SYS_pidfd_open, children[0], 0);
    if (second == -1 || syscall(SYS_pidfd_send_signal, second, SIGKILL, NULL, 0) == -1) die("pidfd");
    if (waitpid(children[0], &status, 0) == -1 || !WIFSIGNALED(status)) die("waitpid");
    close(gate[1]);
    for (int i = 1; i < CHILDREN; i++)
        if (waitpid(children[i], &status, 0) == -1 || status != 0) return 1;
    return 0;
}

int main(void) {
    int line[2], status;
    if (pipe(line) == -1 || unshare(CLONE_NEWPID) == -1) die("unshare");
    pid_t pid = fork(), self = getpid();
    if (pid == 0) _exit(init(line[0]));
    if (pid == -1 || write(line[1], &self, sizeof self) != sizeof self) die("write");
    if (waitpid(pid, &status, 0) == -1) die("waitpid");
    return status != 0;
}
