// Right: fork(2), vfork(2), and clone3(2) for the other two; files are closed by close_range(2), and directories
// entered by fchdir(2).
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int fd, directory;

static void die(const char *what) {
    perror(what);
    exit(1);
}

static void errand(void) { _exit(syscall(SYS_close_range, fd, fd, 0) != 0 || fchdir(directory) != 0); }

static void prepare(const char *path) {
    fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd == -1 || directory == -1) die(path);
}

static void await(pid_t pid, const char *what) {
    int status;
    if (pid == -1 || waitpid(pid, &status, 0) == -1) die(what);
    if (status != 0) exit(1);
}

static pid_t share(uint64_t flags) {
    struct clone_args arguments = {.flags = flags, .exit_signal = SIGCHLD};
    return syscall(SYS_clone3, &arguments, sizeof arguments);
}

int main(void) {
    prepare("/");
    pid_t pid = fork();
    if (pid == 0) errand();
    await(pid, "fork");
    prepare("/usr");
    pid = vfork();
    if (pid == 0) errand();
    await(pid, "vfork");
    prepare("/etc");
    pid = share(CLONE_FILES);
    if (pid == 0) errand();
    await(pid, "CLONE_FILES");
    prepare("/var");
    pid = share(CLONE_FS);
    if (pid == 0) errand();
    await(pid, "CLONE_FS");
    return 0;
}
