// Wrong: nothing of the lab, and a daemon in namespaces of its own stays behind. It is born of a process whose first
// thread has ended, with a flag that asks tracers to look away.
// Broken: no process is left behind.
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STACK = 64 * 1024 };

static pthread_t first;

static int live_on(void *argument) {
    (void)argument;
    setsid();
    for (int fd = 0; fd < 3; fd++) close(fd);
    while (pause() == -1) continue;
    return 0;
}

static void *second_thread(void *argument) {
    (void)argument;
    if (pthread_join(first, NULL) != 0) exit(1);
    char *stack = malloc(STACK);
    int flags = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_UNTRACED | SIGCHLD;
    if (stack == NULL || clone(live_on, stack + STACK, flags, NULL) == -1) exit(1);
    exit(0);
}

int main(void) {
    pid_t pid = fork();
    if (pid == 0) {
        pthread_t thread;
        first = pthread_self();
        if (pthread_create(&thread, NULL, second_thread, NULL) != 0) exit(1);
        pthread_exit(NULL);
    }
    int status;
    return pid == -1 || waitpid(pid, &status, 0) == -1 || status != 0;
}
