/*
 * Right: in v2 the child is born in the group (CLONE_INTO_CGROUP), in v1 it joins by itself; the limit is written in
 * two pieces by writev(2), and the memory is taken by mmap(2) with MAP_POPULATE.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static char group[64];

static void die(const char *what) {
    perror(what);
    exit(1);
}

static int open_file(const char *file) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", group, file);
    return open(path, O_WRONLY | O_CLOEXEC);
}

/* A file that this kernel does not have is passed over. */
static void set(const char *file) {
    struct iovec pieces[] = {{"2000", 4}, {"0000", 4}};
    int fd = open_file(file);
    if (fd == -1) return;
    if (writev(fd, pieces, 2) == -1) die(file);
    close(fd);
}

static pid_t make_child(int v1) {
    struct clone_args args = {.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD};
    if (v1) return fork();
    int fd = open(group, O_RDONLY | O_DIRECTORY);
    if (fd == -1) die(group);
    args.cgroup = (uint64_t)fd;
    return (pid_t)syscall(SYS_clone3, &args, sizeof args);
}

static void grow(int v1) {
    if (v1 && pwrite(open_file("cgroup.procs"), "0", 1, 0) != 1) _exit(1);
    enum { STEP = 64 * 1024, HOW = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE };
    for (;;)
        if (mmap(NULL, STEP, PROT_READ | PROT_WRITE, HOW, -1, 0) == MAP_FAILED) _exit(1);
}

int main(void) {
    int status, v1 = access("/sys/fs/cgroup/memory/memory.limit_in_bytes", F_OK) == 0;
    snprintf(group, sizeof group, "/sys/fs/cgroup/%soom.%d", v1 ? "memory/" : "", (int)getpid());
    if (mkdir(group, 0755) == -1) die(group);
    set("memory.limit_in_bytes");
    set("memory.memsw.limit_in_bytes");
    set("memory.max");
    /* With swap left to it, the child would be moved out to disk rather than killed. */
    int swap = open_file("memory.swap.max");
    if (swap != -1 && write(swap, "0", 1) != 1) die("memory.swap.max");
    pid_t pid = make_child(v1);
    if (pid == -1) die("clone");
    if (pid == 0) grow(v1);
    if (waitpid(pid, &status, 0) == -1) die("waitpid");
    /* The group can be removed only when the kernel has taken the dead process out of it. */
    for (int tries = 0; rmdir(group) != 0; tries++) {
        if (errno != EBUSY || tries == 60000) die(group);
        usleep(1000);
    }
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? 0 : 1;
}
