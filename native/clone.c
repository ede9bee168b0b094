/* clone(2) for a process that runs V8. README.md in this folder has the whole argument why this is sound. */
#define _GNU_SOURCE
#include "shim.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A descriptor that turns readable when this process dies; -1 where a shared descriptor table forbids one. */
int open_parent(unsigned long flags) { return flags & CLONE_FILES ? -1 : (int)syscall(SYS_pidfd_open, getpid(), 0); }

/*
 * As execve(2): no signal to the child may wake the parent's JavaScript. But libuv needs SIGCHLD, and
 * WebAssembly V8's SIGSEGV; see README. */
static void reset_handlers(void) {
    struct sigaction now;
    for (int number = 1; number < NSIG; number++) {
        if (number == SIGCHLD || sigaction(number, NULL, &now) != 0) continue;
        if (number == SIGSEGV && now.sa_flags & SA_SIGINFO) continue;
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

/* Where libc caches the thread's ID. glibc tells the kernel the address; musl's is found by its gettid(). */
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
    /* The last two are tid and tls, on arm64 tls and tid; without CLONE_SETTLS the kernel ignores tls. */
    return syscall(SYS_clone, flags, NULL, NULL, tid, tid);
}

static int answer = -1;

/*
 * shim_end(code: number): void. With which code the calling child is to end, once its function has returned to C.
 * In C, beside the end itself, because a callback that threw leaves in koffi's hands whatever number was there
 * before.
 */
void shim_end(int code) { answer = code & 0xff; }

/* The exit code that the child has set; 1 if it could not set one. */
int take_answer(void) {
    int code = answer < 0 ? 1 : answer;
    answer = -1;
    return code;
}

/*
 * shim_rehearse(child: (failed: number) => void, times: number): void. Calls it in the parent as children will.
 * In C, so that the way from C to it is prepared, too: what the parent has not looked up, every child looks up again.
 */
void shim_rehearse(child_function *child, int times) {
    for (int i = 0; i < times; i++) child(0);
    take_answer();
}

/* Everything that a copy does, from its birth to its end. */
static _Noreturn void live(child_function *child, int parent, const sigset_t *mask, int shares_files) {
    guest = NULL;
    answer = -1;
    become_child(parent);
    /* With a shared table the descriptors would be closed for the parent, too. */
    if (!shares_files) renew_loop();
    sigprocmask(SIG_SETMASK, mask, NULL);
    child(0);
    _exit(take_answer());
}

// #region shim-clone
/*
 * shim_clone(flags: number, cgroup: number, child: (failed: number) => void): number
 * cgroup >= 0 is the descriptor of a v2 group in which the child is created. Returns the child's PID, in the parent
 * only. In C, because between make_copyable and clone no JavaScript may run: V8 would map new memory. And because the
 * child must end in here, whatever its JavaScript does.
 */
long shim_clone(unsigned long flags, int cgroup, child_function *child) {
    sigset_t all, before;
    long threads = guest ? guest->threads : shim_open_self("task", O_RDONLY | O_DIRECTORY);
    if (threads < 0) return threads;
    long result = await_sleepers((int)threads);
    if (!guest) close((int)threads);
    if (result < 0) return result;
    int parent = open_parent(flags);
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t *tid = cached_tid();
    result = make_copyable();
    if (result == 0) {
        result = raw_clone(flags, tid, cgroup);
        if (result == 0) live(child, parent, &before, (flags & CLONE_FILES) != 0);
        if (result < 0) result = -errno;
    }
    if (parent >= 0) close(parent);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return result;
}
// #endregion shim-clone
