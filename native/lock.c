/*
 * What libuv does for a child of fork(3), and clone(2) leaves undone. It guards its list of signal handlers with a
 * byte in a pipe: whoever takes it out holds the lock. A clone would share that pipe with its parent, and one that is
 * killed while it holds the byte would stop the parent for ever at its next signal. pthread_atfork(3) is libuv's own
 * answer, and clone(2) does not call it; so here every child gets a pipe of its own.
 */
#define _GNU_SOURCE
#include "shim.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_PIPES = 64 };

/* Of libuv, in every Node; a program of another kind has neither. */
extern void *uv_default_loop(void) __attribute__((weak));
extern int uv_loop_fork(void *loop) __attribute__((weak));

/* The ends of the lock, once they have been looked for. */
static int lock[2] = {-1, -1};

struct end {
    int fd;
    ino_t pipe;
};

/* Whether a descriptor is an end of a pipe that blocks and closes on exec, as libuv makes it. */
static int is_end(int fd, int access, struct end *end) {
    struct stat stat;
    if (fcntl(fd, F_GETFD) != FD_CLOEXEC) return 0;
    int flags = fcntl(fd, F_GETFL);
    if ((flags & (O_ACCMODE | O_NONBLOCK)) != access || fstat(fd, &stat) != 0 || !S_ISFIFO(stat.st_mode)) return 0;
    *end = (struct end){fd, stat.st_ino};
    return 1;
}

/*
 * Which of several pipes libuv takes for its own: in a child of fork(3) it closes it and makes another.
 * Returns its place, or -ENOENT.
 */
static int ask_libuv(const struct end *ends, int count) {
    int status = 0;
    pid_t pid = fork();
    if (pid < 0) return -errno;
    if (pid == 0) {
        for (int i = 0; i < count; i++) {
            struct stat stat;
            if (fstat(ends[i].fd, &stat) != 0 || stat.st_ino != ends[i].pipe) _exit(i);
        }
        _exit(count);
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
    return WIFEXITED(status) && WEXITSTATUS(status) < count ? WEXITSTATUS(status) : -ENOENT;
}

/* No descriptor has that number or a higher one. Asked of the kernel at once: listing thousands takes 1 us for each.
 */
static long end_of_table(void) {
    char status[4096] = "";
    long fd = shim_open_self("status", O_RDONLY);
    if (fd < 0) return fd;
    ssize_t length = read((int)fd, status, sizeof status - 1);
    close((int)fd);
    const char *line = length > 0 ? strstr(status, "\nFDSize:") : NULL;
    return line ? atol(line + strlen("\nFDSize:")) : -ENOENT;
}

/* The other end of the pipe; libuv's has the next number, unless there was no room for it. */
static int writing_end(int table, const struct end *of) {
    struct end other;
    for (int i = 1; i <= table; i++) {
        int fd = (of->fd + i) % table;
        if (is_end(fd, O_WRONLY, &other) && other.pipe == of->pipe) return fd;
    }
    return -ENOENT;
}

/* The ends that could be it: one byte waits in the pipe. */
static int reading_ends(int table, struct end found[MOST_PIPES]) {
    int count = 0, waiting;
    for (int fd = 3; count < MOST_PIPES && fd < table; fd++)
        if (is_end(fd, O_RDONLY, &found[count]) && ioctl(fd, FIONREAD, &waiting) == 0 && waiting == 1) count++;
    return count;
}

/*
 * shim_find_lock(ends: [number, number]): number. Finds the lock, for all children to come, and stores its reading
 * and its writing end; or returns -ENOENT, where libuv does it another way. In C, because there may be many thousands
 * of descriptors, and because nothing but C may run in a child of fork(3).
 */
long shim_find_lock(int ends[2]) {
    struct end found[MOST_PIPES];
    long table = end_of_table();
    if (table < 0) return table;
    int count = reading_ends((int)table, found);
    int chosen = count > 1 ? ask_libuv(found, count) : count - 1;
    int other = chosen < 0 ? -ENOENT : writing_end((int)table, &found[chosen]);
    if (other < 0) return other;
    ends[0] = lock[0] = found[chosen].fd;
    ends[1] = lock[1] = other;
    return 0;
}

/* A lock that nobody holds. With no descriptor left for it the child goes on sharing its parent's. */
static void renew_lock(void) {
    int fresh[2];
    if (lock[0] < 0 || pipe2(fresh, O_CLOEXEC) != 0) return;
    if (write(fresh[1], "l", 1) == 1)
        for (int i = 0; i < 2; i++) dup3(fresh[i], lock[i], O_CLOEXEC);
    for (int i = 0; i < 2; i++) close(fresh[i]);
}

/* A lock, an epoll and a signal pipe of its own for a child that shares no descriptors. */
void renew_loop(void) {
    renew_lock();
    if (uv_loop_fork) uv_loop_fork(uv_default_loop());
}
