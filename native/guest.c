/* A child on its parent's memory, while the parent sleeps: clone(2) with CLONE_VM | CLONE_VFORK. See README.md. */
#define _GNU_SOURCE
#include "shim.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How far below the parent's stack frame that of the child begins, in bytes. */
enum { GAP = 16 * 1024, EX_SOFTWARE = 70 };

/* How many guests may live in one another: each takes 20 of the 2048 KiB of stack on which koffi calls C. */
enum { MOST_NESTED = 64 };

/* volatile: glibc's declaration of clone(2) promises that it calls no function of this file. */
struct guest *volatile guest;

/* How many live in one another on this stack. A copy inherits the number with the stack, and is no guest. */
static volatile int nested;

/*
 * shim_guest(): number. Its place among the guests on this stack, from 1, if the caller is one; else 0. In C, because
 * here nothing forgets to say that a guest has ended.
 */
int shim_guest(void) { return guest ? nested : 0; }

/* How a child ended. It is reported some time after the child has released its memory and the parent goes on. */
static siginfo_t end_of(pid_t child) {
    siginfo_t end = {.si_pid = 0};
    for (int tries = 0; tries < 1000; tries++) {
        if (waitid(P_PID, (id_t)child, &end, WEXITED | WNOHANG | WNOWAIT | __WALL) != 0 || end.si_pid != 0) break;
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    return end;
}

/*
 * Ends this process after a child that ended while V8 was at work, which may have left this memory in any state.
 * Only async-signal-safe calls, because the child may have held any lock.
 */
static _Noreturn void give_up(pid_t child) {
    static const char *const names[NSIG] = {
        [SIGHUP] = " SIGHUP",   [SIGINT] = " SIGINT",   [SIGQUIT] = " SIGQUIT", [SIGILL] = " SIGILL",
        [SIGTRAP] = " SIGTRAP", [SIGABRT] = " SIGABRT", [SIGBUS] = " SIGBUS",   [SIGFPE] = " SIGFPE",
        [SIGKILL] = " SIGKILL", [SIGUSR1] = " SIGUSR1", [SIGSEGV] = " SIGSEGV", [SIGUSR2] = " SIGUSR2",
        [SIGPIPE] = " SIGPIPE", [SIGALRM] = " SIGALRM", [SIGTERM] = " SIGTERM"};
    siginfo_t end = end_of(child);
    /* It was a host itself, and has printed the reason already. */
    if (end.si_code == CLD_EXITED && end.si_status == EX_SOFTWARE) _exit(EX_SOFTWARE);
    int is_killed = end.si_pid != 0 && end.si_code != CLD_EXITED;
    const char *name = is_killed && names[end.si_status] ? names[end.si_status] : is_killed ? " a signal" : "";
    char text[512];
    int length = snprintf(text, sizeof text,
                          "clone: child %d, on this program's memory (CLONE_VM), %s%s in the midst of its work; "
                          "nobody can say what it has left there, and so this program ends, too, with exit code %d\n",
                          (int)child, is_killed ? "was killed by" : "left without a word", name, EX_SOFTWARE);
    if (write(STDERR_FILENO, text, (size_t)length) < 0) _exit(EX_SOFTWARE);
    _exit(EX_SOFTWARE);
}

static int enter_shared(void *argument) {
    struct guest *self = argument;
    become_child(self->parent);
    sigprocmask(SIG_SETMASK, &self->mask, NULL);
    self->child(0);
    if (self->errand) {
        self->has_left = 1;
        int failed = run_errand(self->errand);
        self->has_left = 0;
        self->child(failed);
    }
    self->has_left = 1;
    _exit(take_answer());
}

/*
 * shim_clone_shared(flags: number, child: (failed: number) => void): number
 * `failed` is the errno of an execve that the child had asked for and that failed.
 * In C, because the child needs a stack. It is a piece of the one that this function runs on, koffi's own, well below
 * its frame: koffi hands out what lies below to the calls that the child makes, and brings JavaScript itself back
 * to the main thread's stack, just below the parent's frames there. The parent sleeps until the child has ended or
 * has become another program (CLONE_VFORK).
 */
long shim_clone_shared(unsigned long flags, child_function *child) {
    sigset_t all;
    if (nested == MOST_NESTED) return -EOVERFLOW;
    struct guest *host = guest, self = {.child = child, .parent = open_parent(flags)};
    char *top = (char *)(((uintptr_t)__builtin_frame_address(0) - GAP) & ~(uintptr_t)63);
    self.threads = host ? host->threads : (int)shim_open_self("task", O_RDONLY | O_DIRECTORY);
    guest = &self;
    nested++;
    take_answer();
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &self.mask);
    long result = clone(enter_shared, top, (int)flags, &self);
    if (result < 0) result = -errno;
    sigprocmask(SIG_SETMASK, &self.mask, NULL);
    guest = host;
    nested--;
    if (result > 0 && !self.has_left) give_up((pid_t)result);
    if (self.errand) free_errand(self.errand);
    if (!host && self.threads >= 0) close(self.threads);
    if (self.parent >= 0) close(self.parent);
    return result;
}
