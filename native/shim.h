#pragma once
/* What the files of this folder need of one another. */
#include <signal.h>

/* What a child runs: JavaScript, through koffi. It sets its exit code by shim_end() and returns nothing. */
typedef void child_function(int failed_exec);

/* quiet.c: a process that can be copied. `threads` is a descriptor of its /proc/self/task. */
long shim_open_self(const char *file, int flags);
int await_sleepers(int threads);
int make_copyable(void);

/* lock.c */
void renew_loop(void);

/* clone.c: what every child does first and last. */
int open_parent(unsigned long flags);
void become_child(int parent);
int take_answer(void);

/* guest.c: the child that lives on this memory now, if there is one. */
struct guest {
    child_function *child;
    /* A program that it is to become once V8 is unwound. */
    struct errand *errand;
    sigset_t mask;
    /* `threads` are those of its host, or -errno. */
    int parent, threads, has_left;
};
extern struct guest *volatile guest;

/* exec.c */
int run_errand(const struct errand *errand);
void free_errand(struct errand *errand);
