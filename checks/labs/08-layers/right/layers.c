// Right: the calls themselves, and a pair of pipes for each gate.
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define OPTIONS "lowerdir=small:fs,upperdir=%s/upper,workdir=%s/work,userxattr"

static int has_changed[2], has_mounted[2], has_answered[2];

static void check(int result, const char *what) {
    if (result < 0) err(1, "%s", what);
}

static void make(const char *path) { check(mkdir(path, 0755), path); }

static void write_to(const char *path, const char *text, int flags) {
    int fd = open(path, O_WRONLY | O_CREAT | flags, 0644);
    check(fd, path);
    check(write(fd, text, strlen(text)), path);
    close(fd);
}

static void opens(int gate[2]) { check(write(gate[1], "x", 1), "gate"); }

static void waits(int gate[2]) {
    char one;
    if (read(gate[0], &one, 1) != 1) errx(1, "the other side is gone");
}

static void lay(const char *name) {
    char path[200], options[200];
    make(name);
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", name, (const char *[]){"upper", "work", "root"}[i]);
        make(path);
    }
    snprintf(options, sizeof options, OPTIONS, name, name);
    check(mount("overlay", path, "overlay", 0, options), "overlay");
}

static void enter(const char *root) {
    check(chdir(root), root);
    check((int)syscall(SYS_pivot_root, ".", "."), "pivot_root");
    check(umount2(".", MNT_DETACH), "umount2");
    check(chdir("/"), "chdir");
}

static void walk_out(void) {
    make("/x");
    check(chroot("/x"), "chroot");
    for (int i = 0; i < 64; i++) check(chdir(".."), "chdir");
    check(chroot("."), "chroot");
    check(rmdir("/x"), "rmdir");
}

static int first(void) {
    static const char *const kinds[] = {"shared", "slave", "private"};
    static const unsigned long flags[] = {MS_SHARED, MS_SLAVE, MS_PRIVATE};
    char path[100];
    check(mount("data", "first/root/data", NULL, MS_BIND, NULL), "data");
    check(mount("config", "first/root/config", NULL, MS_BIND, NULL), "config");
    check(mount(NULL, "first/root/config", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), "read-only");
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "first/root/%s", kinds[i]);
        check(mount("media", path, NULL, MS_BIND, NULL), path);
        check(mount(NULL, path, NULL, flags[i], NULL), path);
    }
    enter("first/root");
    write_to("/etc/hosts", "10.0.0.3 database\n", O_APPEND);
    write_to("/root/notes", "written inside\n", O_EXCL);
    check(unlink("/bin/vi"), "vi");
    check(unlink("/srv/index.html"), "index.html");
    check(rmdir("/srv"), "srv");
    make("/srv");
    walk_out();
    write_to("/data/result", "for outside\n", O_EXCL);
    if (open("/config/new", O_WRONLY | O_CREAT, 0644) >= 0 || errno != EROFS) errx(1, "config can be written");
    opens(has_changed);
    waits(has_mounted);
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "/%s/of-%s", kinds[i], kinds[i]);
        check(mount("mine", path, "tmpfs", 0, NULL), path);
    }
    opens(has_answered);
    waits(has_mounted);
    return 0;
}

static int second(void) {
    enter("second/root");
    return access("/root/notes", F_OK) == 0 || access("/bin/vi", F_OK) < 0;
}

static pid_t start(int (*child)(void)) {
    pid_t pid = (pid_t)syscall(SYS_clone, CLONE_NEWNS | CLONE_NEWPID | SIGCHLD, NULL, NULL, NULL, NULL);
    check(pid, "clone");
    if (pid == 0) _exit(child());
    return pid;
}

static int end_of(pid_t pid) {
    int status;
    check(waitpid(pid, &status, 0), "waitpid");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static void fill(void) {
    static const char *const folders[] = {"small",        "small/etc",     "small/srv",    "small/data",
                                          "small/config", "small/private", "small/shared", "small/slave",
                                          "data",         "config",        "media"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) make(folders[i]);
    write_to("small/etc/hosts", "127.0.0.1 localhost\n10.0.0.2 cache\n", 0);
    write_to("small/srv/index.html", "hello\n", 0);
    check(mknod("small/etc/profile", S_IFCHR, makedev(0, 0)), "whiteout");
    check(mount("media", "media", "tmpfs", 0, NULL), "media");
    check(mount(NULL, "media", NULL, MS_SHARED, NULL), "shared");
    make("media/stick");
    make("media/of-shared");
    make("media/of-slave");
    make("media/of-private");
}

int main(void) {
    check(unshare(CLONE_NEWNS), "unshare");
    check(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "private");
    check(pipe(has_changed) | pipe(has_mounted) | pipe(has_answered), "pipe");
    fill();
    lay("first");
    pid_t one = start(first);
    waits(has_changed);
    lay("second");
    int code = end_of(start(second));
    check(mount("stick", "media/stick", "tmpfs", 0, NULL), "stick");
    opens(has_mounted);
    waits(has_answered);
    opens(has_mounted);
    return code | end_of(one);
}
