/*
 * Forks COUNT times with a raw clone(2), one after another, and prints the nanoseconds from clone to the end of
 * waitpid: in the mean, and of the fastest, and the fewest that processors were at work for it. The process is first
 * made as heavy as another one: as many bytes of memory of its own and of a file are resident, in as many mappings;
 * and it has so many more children alive, descriptors open and mappings of one page. As a shared library it is
 * fork_once, for a process that is as heavy already.
 *
 * Usage: clone-function COUNT OWN-MAPPINGS OWN-BYTES OWN-TABLES FILE-MAPPINGS FILE-BYTES FILE CHILDREN DESCRIPTORS
 * PAGES
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, TABLE_REACH = 2 * 1024 * 1024 };

static void fail(const char *what) {
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/*
 * Mappings of equal size with a hole after each, or the kernel would join them into one. They are spread so far that
 * they need that many page tables, each of which maps 2 MiB: copying a sparse table costs nearly as much as a full
 * one.
 */
static void weigh(size_t mappings, size_t bytes, size_t tables) {
    size_t each = (bytes / mappings + PAGE - 1) / PAGE * PAGE;
    size_t distance = tables * TABLE_REACH / mappings / PAGE * PAGE;
    if (distance < each + PAGE) distance = each + PAGE;
    char *range = mmap(NULL, distance * mappings, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (range == MAP_FAILED) fail("mmap");
    /* Huge pages would make the copy cheaper than the copy of a heap of small pieces. */
    madvise(range, distance * mappings, MADV_NOHUGEPAGE);
    for (size_t i = 0; i < mappings; i++) {
        char *piece = range + i * distance;
        if (mprotect(piece, each, PROT_READ | PROT_WRITE) != 0) fail("mprotect");
        for (size_t offset = 0; offset < each; offset += PAGE) piece[offset] = 1;
    }
}

/* Pieces of the file, each mapped for itself: the kernel puts every next one below the last, so none are joined. */
static void weigh_file(const char *path, size_t mappings, size_t bytes) {
    if (mappings == 0) return;
    size_t each = (bytes / mappings + PAGE - 1) / PAGE * PAGE;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) fail(path);
    if ((size_t)lseek(fd, 0, SEEK_END) < each * mappings) each = PAGE;
    for (size_t i = 0; i < mappings; i++) {
        volatile char *piece = mmap(NULL, each, PROT_READ, MAP_PRIVATE, fd, (off_t)(i * each));
        if (piece == MAP_FAILED) fail("mmap");
        for (size_t offset = 0; offset < each; offset += PAGE) (void)piece[offset];
    }
    close(fd);
}

/* Children that live as long as their parent. */
static void have_children(size_t count) {
    for (size_t i = 0; i < count; i++) {
        pid_t pid = fork();
        if (pid < 0) fail("fork");
        if (pid > 0) continue;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) pause();
    }
}

static void open_descriptors(size_t count) {
    for (size_t i = 0; i < count; i++)
        if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0) fail("/dev/null");
}

/* Mappings of one page, every other one read-only, or the kernel would join them. */
static void map_pages(size_t count) {
    char *pages = mmap(NULL, (count + 1) * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) fail("mmap");
    for (size_t i = 0; i < count; i += 2)
        if (mprotect(pages + i * PAGE, PAGE, PROT_READ) != 0) fail("mprotect");
}

static double nanoseconds(struct timeval time) { return (double)time.tv_sec * 1e9 + (double)time.tv_usec * 1e3; }

/* For how long processors have been at work for this process and for the children that it has waited for. */
static double worked(void) {
    struct rusage own, children;
    getrusage(RUSAGE_SELF, &own);
    getrusage(RUSAGE_CHILDREN, &children);
    return nanoseconds(own.ru_utime) + nanoseconds(own.ru_stime) + nanoseconds(children.ru_utime) +
           nanoseconds(children.ru_stime);
}

/* Stores how long it took, and for how long processors were at work for it: a busy machine disturbs that less. */
void fork_once(double took[2]) {
    double work = worked(), from = now();
    int status;
    long pid = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
    if (pid == 0) _exit(0);
    if (pid < 0) fail("clone");
    if (waitpid((pid_t)pid, &status, 0) != pid || status != 0) fail("waitpid");
    took[0] = now() - from;
    took[1] = worked() - work;
}

static size_t number(const char *text) { return strtoul(text, NULL, 10); }

int main(int argc, char **argv) {
    if (argc != 11) {
        fprintf(stderr, "usage: clone-function COUNT OWN-MAPPINGS OWN-BYTES OWN-TABLES FILE-MAPPINGS FILE-BYTES FILE "
                        "CHILDREN DESCRIPTORS PAGES\n");
        return 2;
    }
    size_t count = number(argv[1]);
    weigh(number(argv[2]), number(argv[3]), number(argv[4]));
    weigh_file(argv[7], number(argv[5]), number(argv[6]));
    have_children(number(argv[8]));
    open_descriptors(number(argv[9]));
    map_pages(number(argv[10]));
    double sum = 0, best[2] = {0, 0}, took[2];
    for (size_t i = 0; i < count; i++) {
        fork_once(took);
        sum += took[0];
        for (int k = 0; k < 2; k++)
            if (i == 0 || took[k] < best[k]) best[k] = took[k];
    }
    printf("%.0f %.0f %.0f\n", sum / (double)count, best[0], best[1]);
    return 0;
}
