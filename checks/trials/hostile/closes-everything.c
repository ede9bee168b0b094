/* Hostile: closes every descriptor and lives on without one. The end of its output is not the end of the program. */
#define _GNU_SOURCE
#include <unistd.h>

int main(void) {
    close_range(0, ~0U, 0);
    for (;;) pause();
}
