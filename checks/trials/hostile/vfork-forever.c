/* Hostile: a child of vfork(2) that neither ends nor runs a program, so that its parent cannot even be signalled. */
#include <unistd.h>

int main(void) {
    if (vfork() == 0)
        for (;;) pause();
}
