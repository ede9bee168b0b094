// Right: each child closes every number that a descriptor could have, one by one, as daemons used to do.
#define _GNU_SOURCE
#include <sched.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STACK = 64 * 1024, DESCRIPTORS = 1024 };

static int child(void *directory) {
    // The first three are files, too: /dev/null is behind the standard input.
    for (int fd = 0; fd < DESCRIPTORS; fd++) close(fd);
    _exit(chdir(directory) == -1);
}

static void run(int flags, char *directory) {
    char *stack = malloc(STACK);
    int status;
    pid_t pid = clone(child, stack + STACK, flags | SIGCHLD, directory);
    if (pid == -1 || waitpid(pid, &status, 0) == -1 || status != 0) exit(1);
}

int main(void) {
    run(0, "/");
    run(CLONE_VM, "/usr");
    run(CLONE_FS, "/etc");
    // The last one: nothing is left to close after it.
    run(CLONE_FILES, "/var");
    return 0;
}
