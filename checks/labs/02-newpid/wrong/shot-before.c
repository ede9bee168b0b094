// Wrong: the parent outside kills 2, which takes a while to end because it has much memory to give back, and PID 1
// kills what is dying. Broken: PID 1 kills 2.
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILDREN = 3, STACK = 64 * 1024, MUCH = 300 << 20 };

static char stack[STACK] __attribute__((aligned(16)));
static int ready[2], shot[2];
static pid_t outside;

static void die(const char *what) {
    perror(what);
    exit(1);
}

static int wait_at(int gate[2]) {
    char byte;
    close(gate[1]);
    return read(gate[0], &byte, 1) != 0;
}

static int second(int gate[2]) {
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE;
    if (mmap(NULL, MUCH, PROT_READ | PROT_WRITE, flags, -1, 0) == MAP_FAILED || write(ready[1], "x", 1) != 1)
        return 1;
    return wait_at(gate);
}

static int init(void *unused) {
    (void)unused;
    pid_t children[CHILDREN];
    int gate[2], status;
    char byte;
    if (pipe(gate) == -1) die("pipe");
    for (int i = 0; i < CHILDREN; i++) {
        children[i] = fork();
        if (children[i] == 0) _exit(i == 0 ? second(gate) : wait_at(gate));
    }
    if (kill(outside, SIGKILL) != -1 || errno != ESRCH || read(shot[0], &byte, 1) != 1) die("kill");
    if (kill(children[0], SIGKILL) == -1 || waitpid(children[0], &status, 0) == -1) die("kill");
    close(gate[1]);
    for (int i = 1; i < CHILDREN; i++)
        if (waitpid(children[i], &status, 0) == -1 || status != 0) return 1;
    return 0;
}

int main(void) {
    char path[64], byte;
    int status, number;
    outside = getpid();
    if (pipe(ready) == -1 || pipe(shot) == -1) die("pipe");
    pid_t pid = clone(init, stack + STACK, CLONE_NEWPID | SIGCHLD, NULL);
    if (pid == -1 || read(ready[0], &byte, 1) != 1) die("clone");
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
    FILE *children = fopen(path, "r");
    if (children == NULL || fscanf(children, "%d", &number) != 1) die(path);
    if (kill(number, SIGKILL) == -1 || write(shot[1], "x", 1) != 1) die("kill");
    if (waitpid(pid, &status, 0) == -1) die("waitpid");
    return status != 0;
}
