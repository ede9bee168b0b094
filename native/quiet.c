/* What a process that runs V8 has to be before it is copied: all of its memory copyable, its other threads asleep. */
#define _GNU_SOURCE
#include "shim.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

static const uintptr_t END_OF_MEMORY = (uintptr_t)INTPTR_MAX + 1 - 65536;
enum { CLOCK_PAGES = 16, PROC_MAGIC = 0x9fa0 };

/*
 * Undoes MADV_DONTFORK, with which V8 marks its heap, from one address to another: one call, however many mappings
 * there are. ENOMEM only says that there are holes between them. EINVAL comes from memory of a device: the range is
 * halved until only the device's own pages are left out.
 */
static int undo_dontfork(uintptr_t from, uintptr_t to, uintptr_t page) {
    if (from >= to || madvise((void *)from, to - from, MADV_DOFORK) == 0 || errno == ENOMEM) return 0;
    if (errno != EINVAL) return -errno;
    if (to - from <= page) return 0;
    uintptr_t middle = from + (to - from) / 2 / page * page;
    int result = undo_dontfork(from, middle, page);
    return result ? result : undo_dontfork(middle, to, page);
}

/* Undoes it for all memory. The kernel's clock pages, which count as a device, lie just below the vdso. */
int make_copyable(void) {
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), vdso = getauxval(AT_SYSINFO_EHDR);
    uintptr_t clock = vdso > CLOCK_PAGES * page ? vdso - CLOCK_PAGES * page : vdso;
    int result = undo_dontfork(0, clock, page);
    if (result == 0) result = undo_dontfork(clock, vdso, page);
    return result ? result : undo_dontfork(vdso, END_OF_MEMORY, page);
}

static int proc = -1;

/* Opened at load time, before the program can enter a mount namespace with another /proc or none. */
__attribute__((constructor)) static void keep_proc(void) { proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC); }

/*
 * shim_open_self(file: string, flags: number): number. Opens a file of /proc/self.
 * In C, because after setns(2) the /proc that is mounted may not list this process, while that of the start does.
 * A program may have closed the descriptor of that one; what is open under its number then is no /proc.
 */
long shim_open_self(const char *file, int flags) {
    char path[64];
    struct statfs stat;
    if (snprintf(path, sizeof path, "/proc/self/%s", file) >= (int)sizeof path) return -ENAMETOOLONG;
    int fd = open(path, flags | O_CLOEXEC);
    if (fd >= 0 || (errno != ENOENT && errno != ENOTDIR)) return fd < 0 ? -errno : fd;
    int error = errno;
    fd = openat(proc, path + strlen("/proc/"), flags | O_CLOEXEC);
    if (fd < 0) return -error;
    if (fstatfs(fd, &stat) == 0 && stat.f_type == PROC_MAGIC) return fd;
    close(fd);
    return -error;
}

/* What a look at the threads of a process finds. */
struct look {
    int awake;   /* how many run, are ready to, or wait for a disk */
    long others; /* what all but the caller have had of the processors since they began, in ticks of 10 ms */
};

/* Adds one thread; it may just have ended. */
static void add_thread(int threads, const char *thread, struct look *look) {
    char path[64], stat[256] = "";
    long user = 0, system = 0;
    snprintf(path, sizeof path, "%.20s/stat", thread);
    int fd = openat(threads, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    ssize_t length = read(fd, stat, sizeof stat - 1);
    close(fd);
    if (length <= 0) return;
    const char *name_end = strrchr(stat, ')');
    look->awake += !name_end || name_end[1] != ' ' || !strchr("SZX", name_end[2]);
    if (!name_end || atoi(thread) == (int)syscall(SYS_gettid)) return;
    if (sscanf(name_end + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld", &user, &system) == 2)
        look->others += user + system;
}

/*
 * Looks at all threads. One is always awake: the caller, or on its parent's memory the parent, which waits for it.
 * Not readdir(3), which allocates: a thread that holds that lock would have to be awaited first.
 */
static int look_at(int threads, struct look *look) {
    char list[4096] __attribute__((aligned(8)));
    long filled;
    *look = (struct look){0};
    lseek(threads, 0, SEEK_SET);
    while ((filled = syscall(SYS_getdents64, threads, list, sizeof list)) > 0)
        for (struct dirent *task = (void *)list; (char *)task < list + filled;) {
            if (task->d_name[0] != '.') add_thread(threads, task->d_name, look);
            task = (void *)((char *)task + task->d_reclen);
        }
    return filled < 0 ? -errno : 0;
}

/*
 * Waits until no thread but one is awake, and so none holds a lock that a copy would wait for in vain. One that is at
 * work is given 500 ms of processor time, however long it takes to get them on a busy machine, and one that waits for
 * a disk 30 s.
 */
int await_sleepers(int threads) {
    enum { PAUSE_NS = 200000, MOST_TICKS = 50, MOST_LOOKS = 150000 };
    struct look first, look;
    int result = look_at(threads, &first);
    look = first;
    for (int looks = 0; result == 0 && look.awake > 1; looks++) {
        if (looks >= MOST_LOOKS || look.others - first.others > MOST_TICKS) return -EBUSY;
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
        result = look_at(threads, &look);
    }
    return result;
}
