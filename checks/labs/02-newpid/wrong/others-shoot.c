// Wrong: it is 3 who asks for the number outside, and 4 who kills 2.
// Broken: PID 1 sends SIGKILL to a process outside; PID 1 kills 2.
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void live(int number, pid_t outer) {
    if (number == 2)
        for (;;) pause();
    if (number == 3) kill(outer, SIGKILL);
    if (number == 4 && kill(2, SIGKILL) == -1) _exit(1);
    // PID 1 waits for 2 first, and until then its number is taken.
    while (kill(2, 0) == 0) usleep(1000);
    _exit(0);
}

static void init(pid_t outer) {
    int status;
    for (int number = 2; number <= 4; number++)
        if (fork() == 0) live(number, outer);
    while (wait(&status) > 0) {}
    _exit(0);
}

int main(void) {
    pid_t pid, outer = getpid();
    int status;
    if (unshare(CLONE_NEWPID) == -1) return 1;
    pid = fork();
    if (pid == 0) init(outer);
    return waitpid(pid, &status, 0) == pid && status == 0 ? 0 : 1;
}
