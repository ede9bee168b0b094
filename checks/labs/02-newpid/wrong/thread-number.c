// Wrong: the number that PID 1 asks for is that of a second thread outside, which is no process.
// Broken: PID 1 sends SIGKILL to a process outside.
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int line[2];

static void *wait_for_ever(void *nothing) {
    pid_t own = (pid_t)syscall(SYS_gettid);
    if (write(line[1], &own, sizeof own) != sizeof own) _exit(1);
    for (;;) pause();
    return nothing;
}

static void init(pid_t outer) {
    int gate[2], status;
    if (pipe(gate) == -1) _exit(1);
    for (int i = 0; i < 3; i++)
        if (fork() == 0) {
            char byte;
            close(gate[1]);
            _exit(read(gate[0], &byte, 1) != 0);
        }
    if (kill(outer, SIGKILL) != -1 || kill(2, SIGKILL) == -1 || waitpid(2, &status, 0) != 2) _exit(1);
    close(gate[1]);
    while (wait(&status) > 0)
        if (status != 0) _exit(1);
    _exit(0);
}

int main(void) {
    pid_t number, pid;
    int status;
    pthread_t thread;
    if (pipe(line) == -1 || pthread_create(&thread, NULL, wait_for_ever, NULL) != 0) return 1;
    if (read(line[0], &number, sizeof number) != sizeof number || unshare(CLONE_NEWPID) == -1) return 1;
    pid = fork();
    if (pid == 0) init(number);
    return waitpid(pid, &status, 0) == pid && status == 0 ? 0 : 1;
}
