/* Right: the root is a detached copy of the mount at ./fs: open_tree(2), move_mount(2), and then pivot_root(2). */
#define _GNU_SOURCE
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NAMESPACES = CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC };
/* OPEN_TREE_CLONE and MOVE_MOUNT_F_EMPTY_PATH of <linux/mount.h>, which does not go with <sys/mount.h> everywhere. */
enum { CLONED = 1, OF_DESCRIPTOR = 4 };

static void check(int result, const char *what) {
    if (result == 0) return;
    perror(what);
    exit(1);
}

static void run(const char *format, ...) {
    char command[160];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    check(system(command), command);
}

static void enter_root(void) {
    check(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "mount /");
    int tree = (int)syscall(SYS_open_tree, AT_FDCWD, "fs", CLONED | O_CLOEXEC);
    check(tree == -1, "open_tree");
    check(mkdir("root", 0755), "mkdir");
    check(syscall(SYS_move_mount, tree, "", AT_FDCWD, "root", OF_DESCRIPTOR) != 0, "move_mount");
    check(chdir("root"), "chdir");
    // The old root is stacked on top of the new one and then detached: no file of the machine is in reach.
    check(syscall(SYS_pivot_root, ".", ".") != 0, "pivot_root");
    check(umount2(".", MNT_DETACH), "umount2");
    check(mount("proc", "/proc", "proc", 0, NULL), "mount proc");
}

/* PID 1: its only child is the shell. */
static int init(int *gate) {
    char byte;
    int status;
    check(close(gate[1]), "close");
    if (read(gate[0], &byte, 1) != 1) return 1;
    check(close(gate[0]), "close");
    check(sethostname("myhost", 6), "sethostname");
    enter_root();
    pid_t shell = fork();
    check(shell == -1, "fork");
    if (shell == 0) {
        execl("/bin/sh", "sh", "-i", (char *)NULL);
        _exit(127);
    }
    while (wait(&status) != shell) continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(void) {
    int gate[2], status;
    check(pipe(gate), "pipe");
    // Without CLONE_VM and a stack of its own, the child returns from clone(2) as from fork(2).
    int pid = (int)syscall(SYS_clone, NAMESPACES | SIGCHLD, NULL, NULL, NULL, NULL);
    check(pid == -1, "clone");
    if (pid == 0) return init(gate);
    check(close(gate[0]), "close");
    run("ip link add outside type veth peer name inside netns %d", pid);
    run("ip addr add 10.0.0.13/24 dev outside && ip link set outside up");
    run("nsenter --target %d --net ip addr add 10.0.0.15/24 dev inside", pid);
    run("nsenter --target %d --net ip link set inside up", pid);
    check(write(gate[1], "x", 1) != 1, "write");
    check(waitpid(pid, &status, 0) != pid, "waitpid");
    // The pair goes with the namespace, which may be gone already.
    if (system("ip link del outside 2>/dev/null") == -1 || if_nametoindex("outside") != 0) return 1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
