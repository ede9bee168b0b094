// Right: a helper inside, 9, makes the three for PID 1 (CLONE_PARENT), with the numbers that it wants (set_tid), and
// ends; 2 gets a queued signal by its thread's number.
#define _GNU_SOURCE
#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int gate[2];

static pid_t make(uint64_t flags, uint64_t signal, pid_t number) {
    struct clone_args args = {
        .flags = flags, .exit_signal = signal, .set_tid = (uintptr_t)&number, .set_tid_size = 1};
    return (pid_t)syscall(SYS_clone3, &args, sizeof args);
}

static int ended_well(pid_t pid) {
    int status;
    return waitpid(pid, &status, 0) == pid && status == 0;
}

static void help(void) {
    char byte;
    for (pid_t number = 2; number <= 4; number++) {
        // With CLONE_PARENT, the signal at its end is that of whoever made it.
        pid_t pid = make(CLONE_PARENT, 0, number);
        if (pid == -1) _exit(1);
        if (pid != 0) continue;
        close(gate[1]);
        _exit(read(gate[0], &byte, 1) != 0);
    }
    _exit(0);
}

static void init(pid_t outer) {
    int status;
    siginfo_t info = {.si_code = SI_QUEUE};
    if (pipe(gate) == -1) _exit(1);
    pid_t helper = make(0, SIGCHLD, 9);
    if (helper == 0) help();
    if (!ended_well(helper) || kill(outer, SIGKILL) != -1 || errno != ESRCH) _exit(1);
    if (syscall(SYS_rt_tgsigqueueinfo, 2, 2, SIGKILL, &info) == -1 || waitpid(2, &status, 0) != 2) _exit(1);
    close(gate[1]);
    _exit(ended_well(3) && ended_well(4) ? 0 : 1);
}

int main(void) {
    pid_t outer = getpid();
    if (unshare(CLONE_NEWPID) == -1) return 1;
    pid_t pid = fork();
    if (pid == 0) init(outer);
    return pid > 0 && ended_well(pid) ? 0 : 1;
}
