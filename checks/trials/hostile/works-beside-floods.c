/*
 * Hostile: does lab 2 rightly, in a child, beside younger children that do nothing but make calls at which the judge has
 * to look: there is always one of them that waits for it, and of these the kernel tells first. The lab's claims all hold.
 */
#define main work
#include "../../labs/02-newpid/right/newpid.c"
#undef main
#include <string.h>

enum { FLOODS = 12 };

int main(void) {
    char host[64] = "";
    if (gethostname(host, sizeof host - 1) < 0 || strcmp(host, "sandbox") != 0) return 2; /* Only for a sandbox. */
    int may_start[2];
    if (pipe(may_start) < 0) return 1;
    pid_t worker = fork();
    if (worker == 0) {
        char byte;
        return read(may_start[0], &byte, 1) == 1 ? work() : 1;
    }
    pid_t floods[FLOODS];
    for (int i = 0; i < FLOODS; i++) {
        floods[i] = fork();
        while (floods[i] == 0) kill(getpid(), 0);
    }
    int status;
    if (write(may_start[1], "", 1) != 1 || waitpid(worker, &status, 0) < 0) return 1;
    for (int i = 0; i < FLOODS; i++) {
        kill(floods[i], SIGKILL);
        waitpid(floods[i], NULL, 0);
    }
    return WEXITSTATUS(status);
}
