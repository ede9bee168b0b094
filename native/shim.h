#pragma once
#include <stddef.h>

/* Every function returns a value >= 0, or -errno. Each one's TypeScript prototype stands above its
 * definition. */

typedef int child_function(void);

long shim_clone(unsigned long flags);
long shim_clone_shared(unsigned long flags, child_function *child);
long shim_clone_exec(unsigned long flags, const char *file, char *const argv[], char *const envp[], const char *cwd,
                     const char *root, const char **failed);
long shim_execve(const char *file, char *const argv[], char *const envp[], int search);
long shim_system(const char *command);

/* Shared between the two files. */
int open_parent(unsigned long flags);
void become_child(int parent);
