/*
 * Starts a program COUNT times, one after another, as cheaply as C can, and prints the nanoseconds one start takes:
 * clone(CLONE_VM | CLONE_VFORK | FLAGS | SIGCHLD), execve, waitpid.
 *
 * Usage: clone-exec COUNT FLAGS PROGRAM [ARGUMENT...]      FLAGS: CLONE_NEW... in any base strtoul knows
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { STACK_SIZE = 64 * 1024 };

static char stack[STACK_SIZE] __attribute__((aligned(64)));

static int child(void *argument) {
    char **argv = argument;
    execve(argv[0], argv, environ);
    _exit(127);
}

static void fail(const char *what) {
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void start(unsigned long flags, char **argv) {
    int status;
    int pid = clone(child, stack + STACK_SIZE, (int)(flags | CLONE_VM | CLONE_VFORK | SIGCHLD), argv);
    if (pid < 0) fail("clone");
    if (waitpid(pid, &status, 0) != pid) fail("waitpid");
    if (status == 0) return;
    fprintf(stderr, "%s: wait status 0x%x\n", argv[0], (unsigned)status);
    exit(1);
}

int main(int argc, char **argv) {
    if (argc < 4) {
        fprintf(stderr, "usage: clone-exec COUNT FLAGS PROGRAM [ARGUMENT...]\n");
        return 2;
    }
    long count = strtol(argv[1], NULL, 10);
    unsigned long flags = strtoul(argv[2], NULL, 0);
    double from = now();
    for (long i = 0; i < count; i++) start(flags, argv + 3);
    printf("%.0f\n", (now() - from) / (double)count);
    return 0;
}
