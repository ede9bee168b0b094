/* Hostile: forks as fast as it can, in every copy. The sandbox has room for 512 processes, and all end with it. */
#include <string.h>
#include <unistd.h>

int main(void) {
    char host[64] = "";
    if (gethostname(host, sizeof host - 1) < 0 || strcmp(host, "sandbox") != 0) return 2; /* Only for a sandbox. */
    for (;;) fork();
}
