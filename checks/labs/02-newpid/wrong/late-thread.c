// Wrong: nothing of the lab. A thread whose process has lost its first one calls kill, which must not confuse a
// judge.
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static pthread_t first;

static void *second_thread(void *argument) {
    (void)argument;
    if (pthread_join(first, NULL) != 0) exit(1);
    kill(getpid(), 0);
    kill(999999, SIGKILL);
    exit(0);
}

int main(void) {
    pthread_t thread;
    first = pthread_self();
    if (pthread_create(&thread, NULL, second_thread, NULL) != 0) return 1;
    pthread_exit(NULL);
}
