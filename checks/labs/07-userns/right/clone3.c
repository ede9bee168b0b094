// Right: clone3(2) makes the child in new user, mount and UTS namespaces at once; one that came before it, in a user
// namespace alone, asks for the outer host name. Capabilities are kept by list: CAP_SETUID and CAP_SETGID.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/clone3-XXXXXX";
static char path[64];

static void check(int result, const char *what) {
    if (result != -1) return;
    perror(what);
    exit(1);
}

static const char *in_folder(const char *name) {
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void put(const char *file, const char *text) {
    int fd = open(file, O_WRONLY | O_CREAT, 0644);
    check(fd, file);
    check(write(fd, text, strlen(text)), file);
    close(fd);
}

static void become(unsigned user) {
    check(setgroups(0, NULL), "setgroups");
    check(setresgid(user, user, user), "setresgid");
    check(setresuid(user, user, user), "setresuid");
}

static void wait_for(pid_t pid) {
    int status;
    check(waitpid(pid, &status, 0), "waitpid");
    if (status != 0) exit(1);
}

// A child in new namespaces, whose map is written before its life begins.
static void in_namespaces(uint64_t flags, void (*life)(void)) {
    struct clone_args args = {.flags = flags | CLONE_NEWUSER, .exit_signal = SIGCHLD};
    int gate[2];
    char byte, file[64];
    check(pipe(gate), "pipe");
    pid_t pid = syscall(SYS_clone3, &args, sizeof args);
    check(pid, "clone3");
    if (pid == 0) {
        close(gate[1]);
        if (read(gate[0], &byte, 1) != 1) _exit(1);
        become(0);
        life();
        _exit(0);
    }
    const char *names[] = {"uid_map", "gid_map"};
    for (int i = 0; i < 2; i++) {
        snprintf(file, sizeof file, "/proc/%d/%s", pid, names[i]);
        put(file, "0 40000 65\n65 1000 1\n");
    }
    check(write(gate[1], "x", 1), "gate");
    close(gate[0]);
    close(gate[1]);
    wait_for(pid);
}

static void nest(void) {
    for (;;) {
        if (unshare(CLONE_NEWUSER) == -1) _exit(errno == ENOSPC ? 0 : 1);
        prctl(PR_SET_DUMPABLE, 1);
        put("/proc/self/setgroups", "deny");
        put("/proc/self/uid_map", "0 0 1");
        put("/proc/self/gid_map", "0 0 1");
    }
}

static void is_refused(void) {
    put(in_folder("file"), "made inside\n");
    if (sethostname("outer", 5) == 0 || mknod(in_folder("disk"), S_IFBLK, makedev(8, 0)) == 0) _exit(1);
    if (truncate("/etc/passwd", 0) == 0) _exit(1);
    pid_t pid = fork();
    if (pid == 0) nest();
    wait_for(pid);
}

static void run(int is_bound) {
    pid_t pid = fork();
    if (pid == 0) {
        become(65);
        if (is_bound) check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
        execl(in_folder("own/grep"), "grep", "^Uid", "/proc/self/status", (char *)NULL);
        _exit(1);
    }
    wait_for(pid);
}

static void lose(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{0}};
    for (int cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
        if (cap != CAP_SETUID && cap != CAP_SETGID) check(prctl(PR_CAPBSET_DROP, cap), "drop");
    data[0].effective = data[0].permitted = 1 << CAP_SETUID | 1 << CAP_SETGID;
    check(syscall(SYS_capset, &header, data), "capset");
    execlp("grep", "grep", "^Cap", "/proc/self/status", (char *)NULL);
    _exit(1);
}

static void is_root(void) {
    check(sethostname("inside", 6), "sethostname");
    check(mkdir(in_folder("own"), 0755), "mkdir");
    check(mount("own", in_folder("own"), "tmpfs", 0, "mode=755"), "mount");
    char command[128];
    snprintf(command, sizeof command, "cp \"$(command -v grep)\" %s", in_folder("own/grep"));
    if (system(command) != 0) _exit(1);
    put(in_folder("own/given"), "");
    check(chown(in_folder("own/given"), 3, 3), "chown");
    check(chmod(in_folder("own/grep"), 04755), "chmod");
    run(0);
    run(1);
    pid_t pid = fork();
    if (pid == 0) lose();
    wait_for(pid);
}

int main(void) {
    if (!mkdtemp(folder)) return 1;
    check(chown(folder, 40000, 40000), "chown");
    check(chmod(folder, 0755), "chmod");
    in_namespaces(0, is_refused);
    in_namespaces(CLONE_NEWNS | CLONE_NEWUTS, is_root);
    check(rmdir(in_folder("own")), "rmdir");
    check(unlink(in_folder("file")), "unlink");
    check(rmdir(folder), "rmdir");
}
