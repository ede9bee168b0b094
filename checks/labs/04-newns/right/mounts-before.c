/*
 * Right: before it makes the container, the program binds ./fs onto itself outside, and takes that off at the end.
 * No other process is born between the two.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NAMESPACES = CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC };

static char stack[64 * 1024] __attribute__((aligned(16)));

static void check(int result, const char *what) {
    if (result == 0) return;
    perror(what);
    exit(1);
}

static void start_interface(const char *name, const char *address) {
    struct ifreq request = {0};
    struct sockaddr_in *in = (struct sockaddr_in *)&request.ifr_addr;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    in->sin_family = AF_INET;
    in->sin_addr.s_addr = inet_addr(address);
    check(ioctl(fd, SIOCSIFADDR, &request), "SIOCSIFADDR");
    in->sin_addr.s_addr = inet_addr("255.255.255.0");
    check(ioctl(fd, SIOCSIFNETMASK, &request), "SIOCSIFNETMASK");
    check(ioctl(fd, SIOCGIFFLAGS, &request), "SIOCGIFFLAGS");
    request.ifr_flags |= IFF_UP;
    check(ioctl(fd, SIOCSIFFLAGS, &request), "SIOCSIFFLAGS");
    close(fd);
}

static int inside(void *argument) {
    int *gate = argument;
    char byte;
    check(close(gate[1]), "close");
    // End of file without the byte means that the parent gave up.
    if (read(gate[0], &byte, 1) != 1) return 1;
    check(close(gate[0]), "close");
    start_interface("inside", "10.0.0.15");
    check(sethostname("myhost", strlen("myhost")), "sethostname");
    // While the propagation of / is shared, mounts made in here appear outside, too.
    check(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), "mount /");
    check(chdir("fs"), "chdir fs");
    check(mount("proc", "proc", "proc", 0, NULL), "mount proc");
    check(chroot("."), "chroot");
    execl("/bin/sh", "sh", "-i", (char *)NULL);
    perror("execl");
    return 1;
}

int main(void) {
    char add[128];
    int gate[2], status;
    check(mount("fs", "fs", NULL, MS_BIND, NULL), "mount fs");
    check(pipe(gate), "pipe");
    pid_t pid = clone(inside, stack + sizeof stack, NAMESPACES | SIGCHLD, gate);
    check(pid == -1, "clone");
    check(close(gate[0]), "close");
    snprintf(add, sizeof add, "ip link add outside type veth peer name inside netns %d", (int)pid);
    check(system(add), add);
    start_interface("outside", "10.0.0.13");
    check(write(gate[1], "x", 1) != 1, "write");
    check(waitpid(pid, &status, 0) != pid, "waitpid");
    check(umount2("fs", 0), "umount fs");
    // The kernel removes a dead namespace, and the pair with it, some time later, or earlier.
    if (system("ip link del outside 2>/dev/null") == -1 || if_nametoindex("outside") != 0) return 1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
