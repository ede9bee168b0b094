// Right: the children are made in reverse order, 4, 3 and 2, by clone3(2) with set_tid, and 2 is killed by tgkill(2).
#define _GNU_SOURCE
#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int ended_well(pid_t pid) {
    int status;
    return waitpid(pid, &status, 0) == pid && status == 0;
}

static void make(pid_t number, const int gate[2]) {
    struct clone_args args = {.exit_signal = SIGCHLD, .set_tid = (uintptr_t)&number, .set_tid_size = 1};
    long pid = syscall(SYS_clone3, &args, sizeof args);
    char byte;
    if (pid == 0) {
        close(gate[1]);
        _exit(read(gate[0], &byte, 1) != 0);
    }
    if (pid != number) _exit(1);
}

static void init(pid_t outer) {
    int gate[2], status;
    if (pipe(gate) == -1) _exit(1);
    for (pid_t number = 4; number >= 2; number--) make(number, gate);
    if (kill(outer, SIGKILL) != -1 || errno != ESRCH) _exit(1);
    if (syscall(SYS_tgkill, 2, 2, SIGKILL) == -1 || waitpid(2, &status, 0) != 2) _exit(1);
    close(gate[1]);
    _exit(ended_well(3) && ended_well(4) ? 0 : 1);
}

int main(void) {
    pid_t outer = getpid();
    struct clone_args args = {.flags = CLONE_NEWPID, .exit_signal = SIGCHLD};
    pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof args);
    if (pid == 0) init(outer);
    return pid > 0 && ended_well(pid) ? 0 : 1;
}
