/* clone(2) for a process that runs V8. README.md in this folder carries the whole argument. */
#define _GNU_SOURCE
#include "shim.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Undoes MADV_DONTFORK, with which V8 marks its heap, on one line of /proc/self/maps that is private memory. */
static int undo_dontfork(const char *line) {
    char *rest;
    uintptr_t from = strtoul(line, &rest, 16);
    uintptr_t to = strtoul(rest + 1, &rest, 16);
    int is_private = rest[4] == 'p', is_user = (intptr_t)to > 0;
    if (!is_private || !is_user || madvise((void *)from, to - from, MADV_DOFORK) == 0) return 0;
    /* EINVAL: the kernel's own page (vvar), which is always copied. */
    return errno == EINVAL ? 0 : -errno;
}

/* For every mapping. The buffer is fixed: an allocation here could map memory that the loop has already passed. */
static int make_copyable(void) {
    static char buffer[16384];
    size_t filled = 0;
    ssize_t got;
    int result = 0, maps = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    if (maps < 0) return -errno;
    while (result == 0 && (got = read(maps, buffer + filled, sizeof buffer - 1 - filled)) > 0) {
        char *line = buffer, *end;
        filled += (size_t)got;
        buffer[filled] = 0;
        for (; result == 0 && (end = strchr(line, '\n')); line = end + 1) result = undo_dontfork(line);
        filled = (size_t)(buffer + filled - line);
        memmove(buffer, line, filled);
    }
    if (result == 0 && got < 0) result = -errno;
    close(maps);
    return result;
}

/* 1 if the thread sleeps (or has just ended), 0 if it runs or waits for a disk. */
static int is_asleep(const char *thread) {
    char path[64], stat[256] = "";
    snprintf(path, sizeof path, "/proc/self/task/%.20s/stat", thread);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 1;
    ssize_t length = read(fd, stat, sizeof stat - 1);
    close(fd);
    const char *name_end = strrchr(stat, ')');
    return length <= 0 || (name_end && name_end[1] == ' ' && strchr("SZX", name_end[2]));
}

/* Whether every thread but this one sleeps, and so holds no lock that the child would wait for in vain. */
static int others_sleep(void) {
    char self[64] = "";
    ssize_t length = readlink("/proc/thread-self", self, sizeof self - 1);
    DIR *tasks = length < 0 ? NULL : opendir("/proc/self/task");
    if (!tasks) return -errno;
    const char *own = strrchr(self, '/') + 1;
    int asleep = 1;
    for (struct dirent *task; asleep && (task = readdir(tasks));)
        if (task->d_name[0] != '.' && strcmp(task->d_name, own) != 0) asleep = is_asleep(task->d_name);
    closedir(tasks);
    return asleep;
}

/* Waits up to 200 ms for the other threads to fall asleep. */
static int await_sleepers(void) {
    for (int tries = 0; tries < 1000; tries++) {
        int asleep = others_sleep();
        if (asleep != 0) return asleep < 0 ? asleep : 0;
        nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
    }
    return -EBUSY;
}

/* A descriptor that turns readable when this process dies; -1 where a shared descriptor table forbids one. */
int open_parent(unsigned long flags) { return flags & CLONE_FILES ? -1 : (int)syscall(SYS_pidfd_open, getpid(), 0); }

/* As execve(2): no signal to the child may wake the parent's JavaScript. But libuv needs SIGCHLD; see README. */
static void reset_handlers(void) {
    struct sigaction now;
    for (int number = 1; number < NSIG; number++) {
        if (number == SIGCHLD || sigaction(number, NULL, &now) != 0) continue;
        if (now.sa_handler != SIG_DFL && now.sa_handler != SIG_IGN) signal(number, SIG_DFL);
    }
}

/* First steps of every child, with all signals blocked. */
void become_child(int parent) {
    struct pollfd parent_died = {.fd = parent, .events = POLLIN};
    reset_handlers();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (parent < 0) return;
    /* The parent may have died before prctl took effect; then no signal will ever come. */
    if (poll(&parent_died, 1, 0) == 1) _exit(128 + SIGKILL);
    close(parent);
}

/* Where libc caches the thread's ID. glibc has told the kernel; musl keeps it where only its gettid() tells. */
static pid_t *cached_tid(void) {
    pid_t tid = (pid_t)syscall(SYS_gettid), *word = NULL;
#ifdef __GLIBC__
    if (prctl(PR_GET_TID_ADDRESS, &word) == 0 && word && *word == tid) return word;
#else
    for (word = (pid_t *)pthread_self() + 2; word < (pid_t *)pthread_self() + 32; word++) {
        if (*word != tid) continue;
        *word = 0;
        int is_cache = gettid() == 0;
        *word = tid;
        if (is_cache) return word;
    }
#endif
    return NULL;
}

/* A seccomp profile of before 2020 may know no clone3, so it is used only where nothing else will do. */
static long raw_clone(unsigned long flags, pid_t *tid, int cgroup) {
    if (tid) flags |= CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;
    /* struct clone_args, which older headers lack in part: flags and CLONE_INTO_CGROUP, child_tid, exit_signal. */
    uint64_t into[11] = {(flags & ~(uint64_t)CSIGNAL) | 1ULL << 33, 0, (uintptr_t)tid, 0, flags & CSIGNAL};
    into[10] = (uint64_t)cgroup;
    if (cgroup >= 0) return syscall(SYS_clone3, &into, sizeof into);
    /* The last two are tid and tls, on arm64 tls and tid; without CLONE_SETTLS, nobody looks at tls. */
    return syscall(SYS_clone, flags, NULL, NULL, tid, tid);
}

// #region shim-clone
/*
 * shim_clone(flags: number, cgroup: number): number. With cgroup >= 0, the descriptor of a v2 group to be born in.
 * In C, because between make_copyable and clone no JavaScript may run: V8 would map new memory.
 * Returns twice: the child's PID in the parent, 0 in the child.
 */
long shim_clone(unsigned long flags, int cgroup) {
    sigset_t all, before;
    long result = await_sleepers();
    if (result < 0) return result;
    int parent = open_parent(flags);
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t *tid = cached_tid();
    result = make_copyable();
    if (result == 0) {
        result = raw_clone(flags, tid, cgroup);
        if (result < 0) result = -errno;
        if (result == 0) become_child(parent);
    }
    if (result != 0 && parent >= 0) close(parent);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return result;
}
// #endregion shim-clone

struct shared_start {
    int (*child)(void);
    sigset_t mask;
    int parent;
};

static int enter_shared(void *argument) {
    struct shared_start *start = argument;
    become_child(start->parent);
    sigprocmask(SIG_SETMASK, &start->mask, NULL);
    _exit(start->child());
}

/*
 * shim_clone_shared(flags: number, child: () => number): number
 * In C, because the child needs a stack inside the main thread's own stack: V8 refuses any other. The piece
 * from 400 KiB to 700 KiB under the base lies below what is in use (lib/clone.ts bounds the depth) and within
 * V8's limit of 984 KiB. The parent sleeps until the child has ended (CLONE_VFORK).
 */
long shim_clone_shared(unsigned long flags, int (*child)(void)) {
    pthread_attr_t attributes;
    void *low;
    size_t size;
    sigset_t all;
    struct shared_start start = {.child = child, .parent = open_parent(flags)};
    if (pthread_getattr_np(pthread_self(), &attributes) != 0) return -ENOMEM;
    pthread_attr_getstack(&attributes, &low, &size);
    pthread_attr_destroy(&attributes);
    char *top = (char *)(((uintptr_t)low + size - 400 * 1024) & ~(uintptr_t)63);
    /* The kernel grows a stack page by page, from the top. */
    for (volatile char *page = top + 392 * 1024; page > top - 300 * 1024; page -= 4096) (void)*page;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &start.mask);
    long result = clone(enter_shared, top, (int)flags, &start);
    if (result < 0) result = -errno;
    if (start.parent >= 0) close(start.parent);
    sigprocmask(SIG_SETMASK, &start.mask, NULL);
    return result;
}
