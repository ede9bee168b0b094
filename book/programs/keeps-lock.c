// How TypeScript can clone itself: a lock that another thread holds at the moment of the clone.
#define _GNU_SOURCE
#include <err.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// #region program
static pthread_barrier_t is_locked;

static void *other_thread(void *unused) {
    flockfile(stdout); // the lock that every printf takes
    pthread_barrier_wait(&is_locked);
    pause();
    return unused;
}

int main(void) {
    pthread_t thread;
    int status;
    pthread_barrier_init(&is_locked, NULL, 2);
    if (pthread_create(&thread, NULL, other_thread, NULL) != 0) errx(1, "pthread_create");
    pthread_barrier_wait(&is_locked);
    pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
    if (pid < 0) err(1, "clone");
    if (pid == 0) {
        alarm(1); // or it would wait for ever
        printf("child: hello\n");
        _exit(0);
    }
    if (waitpid(pid, &status, 0) < 0) err(1, "waitpid");
    dprintf(1, "the child: %s\n", WIFSIGNALED(status) ? "ended by its alarm clock" : "said hello");
    _exit(0); // exit(3) empties stdout, and in newer C libraries waits for its lock
}
// #endregion program
