// Right: another thread of the parent has a directory of its own and moves about all the time. The thread that makes
// the children stays where it is.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STACK = 64 * 1024 };

struct errand {
    int fd;
    const char *directory;
    int gate;
};

static atomic_int moves, is_over;

static void *wander(void *unused) {
    if (unshare(CLONE_FS) == -1) exit(1);
    while (!is_over) {
        if (chdir("/tmp") == -1 || chdir("/usr/bin") == -1) exit(1);
        moves++;
    }
    return unused;
}

static void await_moves(void) {
    for (int before = moves; moves < before + 2;) sched_yield();
}

static int child(void *argument) {
    const struct errand *errand = argument;
    char byte;
    if (read(errand->gate, &byte, 1) != 1) _exit(2);
    _exit(close(errand->fd) == -1 || chdir(errand->directory) == -1);
}

static void run(int flags, const char *directory) {
    int gate[2], status;
    if (pipe(gate) == -1) exit(1);
    struct errand errand = {open("/dev/null", O_RDONLY), directory, gate[0]};
    char *stack = malloc(STACK);
    pid_t pid = clone(child, stack + STACK, flags | SIGCHLD, &errand);
    await_moves();
    if (pid == -1 || write(gate[1], "x", 1) != 1 || waitpid(pid, &status, 0) == -1 || status != 0) exit(1);
}

int main(void) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, wander, NULL) != 0) return 1;
    run(0, "/");
    run(CLONE_VM, "/usr");
    run(CLONE_FS, "/etc");
    run(CLONE_FILES, "/var");
    is_over = 1;
    return pthread_join(thread, NULL) != 0;
}
