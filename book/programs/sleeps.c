// What the classic programs get wrong: a pause as synchronisation.
// The argument is how many seconds the parent is delayed before it makes the veth pair.
#define _GNU_SOURCE
#include <err.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

// #region program
static char stack[64 * 1024];

static int child(void *unused) {
    (void)unused;
    sleep(1); // By then the parent has surely made the pair.
    return system("ip link set veth1 up") == 0 ? 0 : 1;
}

int main(int argc, char **argv) {
    char command[100];
    pid_t pid = clone(child, stack + sizeof stack, CLONE_NEWNET | SIGCHLD, NULL);
    if (pid < 0) err(1, "clone");
    sleep(argc > 1 ? atoi(argv[1]) : 0);
    snprintf(command, sizeof command, "ip link add veth0 type veth peer name veth1 netns %d", pid);
    int laid = system(command) == 0, status;
    if (waitpid(pid, &status, 0) < 0) err(1, "waitpid");
    dprintf(1, "the pair: %s, the child: %s\n", laid ? "laid" : "not laid", status == 0 ? "content" : "failed");
    return laid && status == 0 ? 0 : 1;
}
// #endregion program
