// Hostile: calls reboot(2), which ends PID 1 of its PID namespace, and with it all that lives in there.
#include <sys/reboot.h>
#include <unistd.h>

int main(void) {
    reboot(RB_AUTOBOOT);
    return 0;
}
