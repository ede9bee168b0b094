// What the classic programs get wrong: chroot as a wall. Goes into the directory that it is given, and out again.
#define _GNU_SOURCE
#include <err.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

// #region program
static void look(const char *when) {
    struct stat root;
    if (stat("/", &root) < 0) err(1, "stat");
    printf("%s / is inode %lu, and there is %s /etc/passwd\n", when, (unsigned long)root.st_ino,
           access("/etc/passwd", F_OK) == 0 ? "an" : "no");
}

int main(int argc, char **argv) {
    if (argc != 2) errx(2, "usage: leaves-chroot DIRECTORY");
    look("before: ");
    if (chroot(argv[1]) < 0 || chdir("/") < 0) err(1, "chroot");
    look("inside: ");
    if (mkdir("x", 0700) < 0 || chroot("x") < 0) err(1, "x");
    for (int i = 0; i < 100; i++)
        if (chdir("..") < 0) err(1, "chdir");
    if (chroot(".") < 0) err(1, "chroot");
    look("outside:");
    return 0;
}
// #endregion program
