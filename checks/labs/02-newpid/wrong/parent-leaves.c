// Wrong: the parent of PID 1 does not wait for it, and leaves it to the program.
// Broken: PID 1 ends, and then its outer parent.
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILDREN = 3 };

static void die(const char *what) {
    perror(what);
    exit(1);
}

static int init(pid_t outside, int line) {
    pid_t children[CHILDREN];
    int gate[2], status;
    char byte;
    // Its end says that the parent has gone.
    if (read(line, &byte, 1) != 0 || pipe(gate) == -1) die("pipe");
    for (int i = 0; i < CHILDREN; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            close(gate[1]);
            _exit(read(gate[0], &byte, 1) == 0 ? 0 : 1);
        }
    }
    if (kill(outside, SIGKILL) != -1 || errno != ESRCH) die("kill");
    if (kill(2, SIGKILL) == -1 || waitpid(2, &status, 0) == -1) die("kill");
    close(gate[1]);
    for (int i = 1; i < CHILDREN; i++)
        if (waitpid(children[i], &status, 0) == -1 || status != 0) return 1;
    return 0;
}

int main(void) {
    int line[2], status;
    pid_t self = getpid();
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) == -1 || pipe(line) == -1) die("prctl");
    pid_t parent = fork();
    if (parent == 0) {
        if (unshare(CLONE_NEWPID) == -1) die("unshare");
        pid_t pid = fork();
        if (pid == 0) {
            close(line[1]);
            _exit(init(self, line[0]));
        }
        _exit(0);
    }
    close(line[1]);
    while (wait(&status) > 0)
        if (status != 0) return 1;
    return 0;
}
