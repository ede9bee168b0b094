#define _GNU_SOURCE
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *what) {
    perror(what);
    exit(1);
}

static void run(const char *command) {
    int status = system(command);
    if (status == -1) die("system");
    if (status != 0) {
        fprintf(stderr, "%s: expected exit code 0, got wait status %#x\n", command, (unsigned)status);
        exit(1);
    }
}

static int inside(void *argument) {
    int *go = argument;
    char byte;
    if (close(go[1]) == -1) die("close");
    // End of file without the byte means that the parent gave up.
    ssize_t n = read(go[0], &byte, 1);
    if (n == -1) die("read");
    if (n == 0) return 1;
    run("ip link set lo up");
    run("ip addr add 10.0.0.4/24 dev inside");
    run("ip link set inside up");
    run("ping -n -c 3 -i 0.2 10.0.0.3");
    return 0;
}

int main(void) {
    enum { STACK = 64 * 1024 };
    char *stack = malloc(STACK);
    int go[2];
    if (stack == NULL) die("malloc");
    if (pipe(go) == -1) die("pipe");
    // clone(2) returns with the namespace made, so the parent need not wait for it.
    pid_t pid = clone(inside, stack + STACK, CLONE_NEWNET | SIGCHLD, go);
    if (pid == -1) die("clone");
    if (close(go[0]) == -1) die("close");

    char add[128];
    snprintf(add, sizeof add, "ip link add outside type veth peer name inside netns %d", (int)pid);
    run(add);
    run("ip addr add 10.0.0.3/24 dev outside");
    run("ip link set outside up");
    if (write(go[1], "x", 1) != 1) die("write");

    int status;
    if (waitpid(pid, &status, 0) == -1) die("waitpid");
    // The kernel removes a dead namespace, and the pair with it, some time later, or earlier.
    if (system("ip link del outside 2>/dev/null") == -1) die("system");
    if (if_nametoindex("outside") != 0) {
        fprintf(stderr, "outside: the link is still there\n");
        return 1;
    }
    free(stack);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 1;
}
