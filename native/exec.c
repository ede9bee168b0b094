/* Starting programs. The child of clone_exec borrows the parent's memory: only async-signal-safe calls in it. */
#define _GNU_SOURCE
#include "shim.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STACK_SIZE = 64 * 1024 };
/* Node marks 0 to 2 close-on-exec and ignores SIGPIPE; no program expects either. */
static void prepare_exec(struct sigaction *before) {
    struct sigaction normal = {.sa_handler = SIG_DFL};
    for (int fd = 0; fd <= 2; fd++) fcntl(fd, F_SETFD, 0);
    sigaction(SIGPIPE, &normal, before);
}

struct program {
    const char *file, *cwd, *root, *failed;
    char *const *argv, *const *envp;
    sigset_t mask;
    int parent, error;
};

/* Runs in the child on the parent's memory. The parent reads what it stores. */
static int start_program(void *argument) {
    struct program *program = argument;
    become_child(program->parent);
    prepare_exec(NULL);
    sigprocmask(SIG_SETMASK, &program->mask, NULL);
    if (program->root && (chroot(program->root) != 0 || chdir("/") != 0)) program->failed = "chroot";
    else if (program->cwd && chdir(program->cwd) != 0) program->failed = "chdir";
    else execvpe(program->file, program->argv, program->envp), program->failed = "execve";
    program->error = errno;
    _exit(127);
}

/*
 * shim_clone_exec(flags: number, file: string, argv: string[], envp: string[], cwd: string | null,
 *                 root: string | null, failed: [string | null]): number
 * In C, because the child must reach execve without copying page tables, and so without JavaScript.
 * Returns the PID. On failure in the child, -errno, and *failed names the call; no process is left then.
 */
long shim_clone_exec(unsigned long flags, const char *file, char *const argv[], char *const envp[], const char *cwd,
                     const char *root, const char **failed) {
    struct program program = {
        .file = file, .argv = argv, .envp = envp, .cwd = cwd, .root = root, .parent = open_parent(flags)};
    sigset_t all;
    long result = -ENOMEM;
    char *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (stack != MAP_FAILED) {
        sigfillset(&all);
        sigprocmask(SIG_SETMASK, &all, &program.mask);
        result = clone(start_program, stack + STACK_SIZE, (int)(flags | CLONE_VM | CLONE_VFORK), &program);
        if (result < 0) result = -errno;
        sigprocmask(SIG_SETMASK, &program.mask, NULL);
        munmap(stack, STACK_SIZE);
    }
    if (program.parent >= 0) close(program.parent);
    *failed = program.failed;
    if (result > 0 && program.failed) {
        waitpid((pid_t)result, NULL, __WALL);
        return -program.error;
    }
    return result;
}

struct errand {
    char *file, **argv, **envp;
    int search;
};

static void free_list(char **list) {
    for (char **each = list; list && *each; each++) free(*each);
    free(list);
}

void free_errand(struct errand *errand) {
    free(errand->file);
    free_list(errand->argv);
    free_list(errand->envp);
    free(errand);
}

static char **copy_list(char *const *list) {
    size_t length = 0;
    while (list[length]) length++;
    char **copy = calloc(length + 1, sizeof *copy);
    for (size_t i = 0; copy && i < length; i++)
        if (!(copy[i] = strdup(list[i]))) return free_list(copy), NULL;
    return copy;
}

/* Notes down what a guest is to become: V8, on whose memory it lives, has to be unwound first. The first note counts.
 */
static int note_errand(const char *file, char *const argv[], char *const envp[], int search) {
    if (guest->errand) return 0;
    struct errand *errand = calloc(1, sizeof *errand);
    if (!errand) return -ENOMEM;
    *errand = (struct errand){strdup(file), copy_list(argv), copy_list(envp), search};
    if (!errand->file || !errand->argv || !errand->envp) return free_errand(errand), -ENOMEM;
    guest->errand = errand;
    return 0;
}

/* Returns only if it fails, with the errno. */
static int become_program(const char *file, char *const argv[], char *const envp[], int search) {
    struct sigaction before;
    prepare_exec(&before);
    (search ? execvpe : execve)(file, argv, envp);
    int error = errno;
    sigaction(SIGPIPE, &before, NULL);
    return error;
}

int run_errand(const struct errand *errand) {
    return become_program(errand->file, errand->argv, errand->envp, errand->search);
}

/*
 * shim_execve(file: string, argv: string[], envp: string[], search: 0 | 1): number. 1 looks in PATH, too.
 * In C, because no JavaScript may run between changing the descriptors and execve. Returns -errno if it fails; or 0
 * in a guest, which has to leave its JavaScript before it becomes the program.
 */
long shim_execve(const char *file, char *const argv[], char *const envp[], int search) {
    return guest ? note_errand(file, argv, envp, search) : -become_program(file, argv, envp, search);
}

/* shim_system(command: string): number. system(3): a wait status. In C for the same reason as shim_execve. */
long shim_system(const char *command) {
    struct sigaction before;
    prepare_exec(&before);
    int status = system(command);
    long result = status < 0 ? -errno : status;
    sigaction(SIGPIPE, &before, NULL);
    return result;
}
