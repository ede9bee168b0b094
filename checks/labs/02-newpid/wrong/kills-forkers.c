/*
 * Wrong: no PID namespace at all, but a hundred processes that are killed in the middle of a fork.
 * Broken: everything about PID 1. What holds: the program ends by itself, so its children must not be held up.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
    for (int i = 0; i < 100; i++) {
        pid_t forker = fork();
        if (forker < 0) return 1;
        if (forker == 0)
            for (int made = 1;; made++) {
                if (fork() == 0) _exit(0);
                // However long it takes to be killed, it must not fill the sandbox with zombies.
                if (made > 8) wait(NULL);
            }
        usleep((useconds_t)(i % 10) * 100);
        if (kill(forker, SIGKILL) != 0 || waitpid(forker, NULL, 0) != forker) return 1;
    }
    return 0;
}
