/*
 * Hostile: writes to a control group's file from a page that is never there: userfaultfd(2) holds every process that
 * touches it, the checker too, if it reads the text of the write from there. It ends at its bound all the same.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PAGE = 4096 };

static void *missing_page(int flags) {
    int faults = (int)syscall(SYS_userfaultfd, O_CLOEXEC | flags);
    struct uffdio_api api = {.api = UFFD_API};
    if (faults < 0 || ioctl(faults, UFFDIO_API, &api) < 0) return NULL;
    void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct uffdio_register all = {.range = {(unsigned long)page, PAGE}, .mode = UFFDIO_REGISTER_MODE_MISSING};
    return ioctl(faults, UFFDIO_REGISTER, &all) < 0 ? NULL : page;
}

int main(void) {
    const char *memory = access("/sys/fs/cgroup/memory", F_OK) == 0 ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup";
    char path[256];
    snprintf(path, sizeof path, "%s/hostile", memory);
    mkdir(path, 0755);
    snprintf(path, sizeof path, "%s/hostile/cgroup.procs", memory);
    int file = open(path, O_WRONLY);
    /* Without privilege only faults in user mode are held; a system call then gets EFAULT. */
    void *page = missing_page(0);
    if (page == NULL) page = missing_page(UFFD_USER_MODE_ONLY);
    if (file < 0 || page == NULL) return 1;
    if (fork() == 0) return (int)writev(file, page, 1);
    write(file, page, 2);
    for (;;) pause();
}
