// Right: a first child inside, which is 2, ends by itself; then clone3(2) gives its number to the next one (set_tid).
#define _GNU_SOURCE
#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *what) {
    perror(what);
    exit(1);
}

static pid_t fork_as(pid_t number) {
    struct clone_args arguments = {
        .exit_signal = SIGCHLD, .set_tid = (uint64_t)(uintptr_t)&number, .set_tid_size = 1};
    return syscall(SYS_clone3, &arguments, sizeof arguments);
}

static int init(pid_t outside) {
    int gate[2], status;
    char byte;
    pid_t probe = fork();
    if (probe == 0) _exit(0);
    if (probe != 2 || waitpid(probe, &status, 0) == -1 || pipe(gate) == -1) die("pipe");
    for (pid_t number = 4; number >= 2; number--) {
        pid_t child = fork_as(number);
        if (child == -1) die("clone3");
        if (child == 0) {
            close(gate[1]);
            _exit(read(gate[0], &byte, 1) == 0 ? 0 : 1);
        }
    }
    if (kill(outside, SIGKILL) != -1 || errno != ESRCH) die("kill");
    if (kill(2, SIGKILL) == -1 || waitpid(2, &status, 0) == -1) die("kill");
    close(gate[1]);
    for (pid_t number = 3; number <= 4; number++)
        if (waitpid(number, &status, 0) == -1 || status != 0) return 1;
    return 0;
}

int main(void) {
    int status;
    pid_t self = getpid();
    if (unshare(CLONE_NEWPID) == -1) die("unshare");
    pid_t pid = fork();
    if (pid == 0) _exit(init(self));
    if (pid == -1 || waitpid(pid, &status, 0) == -1) die("waitpid");
    return status != 0;
}
