// Right: nobody is waited for: PID 1 and its parent ignore SIGCHLD, and hear of ends by pidfds. Whoever ends is gone
// at once, and its parent may end in the same moment.
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

static int open_pidfd(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

static void await_end(int pidfd) {
    struct pollfd end = {.fd = pidfd, .events = POLLIN};
    if (poll(&end, 1, -1) != 1) _exit(1);
}

static void init(pid_t outer) {
    int gate[2], pidfds[3];
    char byte;
    if (pipe(gate) == -1) _exit(1);
    for (int i = 0; i < 3; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            close(gate[1]);
            _exit(read(gate[0], &byte, 1) != 0);
        }
        pidfds[i] = open_pidfd(pid);
    }
    if (kill(outer, SIGKILL) != -1 || errno != ESRCH || kill(2, SIGKILL) == -1) _exit(1);
    await_end(pidfds[0]);
    close(gate[1]);
    await_end(pidfds[1]);
    await_end(pidfds[2]);
    _exit(0);
}

int main(void) {
    pid_t outer = getpid();
    if (signal(SIGCHLD, SIG_IGN) == SIG_ERR || unshare(CLONE_NEWPID) == -1) return 1;
    pid_t pid = fork();
    if (pid == 0) init(outer);
    await_end(open_pidfd(pid));
    return 0;
}
