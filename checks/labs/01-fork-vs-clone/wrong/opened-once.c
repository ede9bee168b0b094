// Wrong: the file is opened once for all four children. The CLONE_FILES child closes it for the parent, too, and the
// CLONE_FS child after it has nothing left to close.
// Broken: what a CLONE_FS child closes its parent keeps, because it had it.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int fd;
static char stack[1 << 18] __attribute__((aligned(16)));

static void fail(const char *call) {
    perror(call);
    exit(1);
}

static int child(void *unused) {
    (void)unused;
    dprintf(1, "close: %d\n", close(fd));
    return chdir("/");
}

int main(void) {
    const int flags[] = {0, CLONE_VM | CLONE_VFORK, CLONE_FILES, CLONE_FS};
    fd = open("/etc/passwd", O_RDONLY);
    if (fd < 0) fail("open");
    for (int i = 0; i < 4; i++) {
        int status;
        pid_t pid = clone(child, stack + sizeof stack, flags[i] | SIGCHLD, NULL);
        if (pid < 0) fail("clone");
        if (waitpid(pid, &status, 0) != pid) fail("waitpid");
    }
    return 0;
}
