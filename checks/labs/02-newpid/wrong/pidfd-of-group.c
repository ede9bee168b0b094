// Wrong: the pidfd of 2 stands for its process group (PIDFD_SIGNAL_PROCESS_GROUP), in which 5 is as well.
// Broken: PID 1 kills 2 alone.
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PIDFD_SIGNAL_PROCESS_GROUP = 4 };

static int gate[2], ready[2];

static pid_t make(pid_t group) {
    pid_t pid = fork();
    char byte;
    if (pid != 0) return pid;
    close(gate[1]);
    if (group >= 0 && (setpgid(0, group) == -1 || write(ready[1], "x", 1) != 1)) _exit(1);
    _exit(read(gate[0], &byte, 1) != 0);
}

static void kill_group(pid_t leader) {
    int pidfd = (int)syscall(SYS_pidfd_open, leader, 0);
    if (syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, PIDFD_SIGNAL_PROCESS_GROUP) == 0) return;
    // Before Linux 6.9 a pidfd could not stand for a group.
    if (errno != EINVAL || kill(-leader, SIGKILL) == -1) _exit(1);
}

static void init(pid_t outer) {
    int status;
    char byte;
    if (pipe(gate) == -1 || pipe(ready) == -1) _exit(1);
    make(0);
    if (read(ready[0], &byte, 1) != 1) _exit(1);
    make(-1);
    make(-1);
    make(2);
    if (read(ready[0], &byte, 1) != 1) _exit(1);
    if (kill(outer, SIGKILL) != -1 || errno != ESRCH) _exit(1);
    kill_group(2);
    if (waitpid(2, &status, 0) == -1 || waitpid(5, &status, 0) == -1) _exit(1);
    close(gate[1]);
    for (pid_t number = 3; number <= 4; number++)
        if (waitpid(number, &status, 0) == -1 || status != 0) _exit(1);
    _exit(0);
}

int main(void) {
    pid_t outer = getpid();
    int status;
    if (unshare(CLONE_NEWPID) == -1) return 1;
    pid_t pid = fork();
    if (pid == 0) init(outer);
    return pid == -1 || waitpid(pid, &status, 0) == -1 || status != 0;
}
