/*
 * Hostile: as many processes as it gets, each of which makes nothing but calls that the observer stops at. The bound
 * holds all the same.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROCESSES = 200 };

int main(void) {
    char host[64] = "";
    if (gethostname(host, sizeof host - 1) < 0 || strcmp(host, "sandbox") != 0) return 2; /* Only for a sandbox. */
    int null = open("/dev/null", O_WRONLY);
    for (int i = 0; i < PROCESSES; i++)
        if (fork() == 0) break;
    for (;;) {
        kill(getpid(), 0);
        if (write(null, "x", 1) < 0) return 1;
        if (fork() == 0) _exit(0);
        waitpid(-1, NULL, 0);
    }
}
