// What the classic programs get wrong: a fixed length beside sethostname.
#define _GNU_SOURCE
#include <ctype.h>
#include <err.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

// #region program
/** Sets the name and prints what uname(2) then returns to every process: 65 bytes, a dot for each 0. */
static void name_it(const char *name, size_t length) {
    struct utsname now;
    if (sethostname(name, length) < 0) err(1, "sethostname");
    if (uname(&now) < 0) err(1, "uname");
    printf("sethostname(\"%s\", %zu): ", name, length);
    for (size_t i = 0; i < 40; i++) putchar(isprint((unsigned char)now.nodename[i]) ? now.nodename[i] : '.');
    putchar('\n');
}

int main(void) {
    if (unshare(CLONE_NEWUTS) < 0) err(1, "unshare");
    struct {
        char name[10], beside[22];
    } memory = {"myhost", "password=opensesame"};
    name_it("In Namespace", 12);
    name_it("container-of-ada", 12);
    name_it(memory.name, 32);
    name_it(memory.name, strlen(memory.name));
    return 0;
}
// #endregion program
