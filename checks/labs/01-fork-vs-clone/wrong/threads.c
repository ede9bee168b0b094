// Wrong: four threads, which share memory, descriptors and directory all at once.
// Broken: the children are processes, and each shares one thing only.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

struct errand {
    const char *directory;
    int fd;
};

static void *child(void *argument) {
    struct errand *errand = argument;
    int failed = close(errand->fd) == -1 || chdir(errand->directory) == -1;
    return failed ? argument : NULL;
}

int main(void) {
    struct errand errands[] = {{"/", -1}, {"/usr", -1}, {"/etc", -1}, {"/var", -1}};
    for (int i = 0; i < 4; i++) {
        errands[i].fd = open("/dev/null", O_RDONLY);
        pthread_t thread;
        void *failed;
        if (errands[i].fd == -1 || pthread_create(&thread, NULL, child, &errands[i]) != 0 ||
            pthread_join(thread, &failed) != 0 || failed != NULL) {
            fprintf(stderr, "%s: failed\n", errands[i].directory);
            return 1;
        }
    }
    return 0;
}
