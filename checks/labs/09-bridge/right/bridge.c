#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Right: in C. The bridge and its ports are made by ioctl(2), as brctl(8) did it; the rest of the wiring by ip(8). */

static void die(const char *what) {
    perror(what);
    _exit(1);
}

static void run(const char *format, ...) {
    char command[512];
    va_list words;
    va_start(words, format);
    vsnprintf(command, sizeof command, format, words);
    va_end(words);
    if (system(command) != 0) {
        fprintf(stderr, "%s: failed\n", command);
        _exit(1);
    }
}

struct gate {
    int ends[2];
};

static void opened(struct gate gate) {
    if (write(gate.ends[1], "x", 1) != 1) die("write");
}

static void await(struct gate gate) {
    char byte;
    if (read(gate.ends[0], &byte, 1) != 1) die("read");
}

static struct gate cabled, ready, may_call, published;

static struct sockaddr_in at(const char *address, int port) {
    struct sockaddr_in result = {.sin_family = AF_INET, .sin_port = htons(port)};
    if (inet_pton(AF_INET, address, &result.sin_addr) != 1) die("inet_pton");
    return result;
}

static int hear(int type, const char *address, int port) {
    int fd = socket(AF_INET, type, 0);
    struct sockaddr_in own = at(address, port);
    if (fd == -1 || bind(fd, (struct sockaddr *)&own, sizeof own) == -1) die("bind");
    if (type == SOCK_STREAM && listen(fd, 8) == -1) die("listen");
    return fd;
}

static void serve(int fd) {
    for (;;) {
        struct sockaddr_in peer;
        socklen_t size = sizeof peer;
        int connection = accept(fd, (struct sockaddr *)&peer, &size);
        if (connection == -1) die("accept");
        dprintf(connection, "I see you at %s\n", inet_ntoa(peer.sin_addr));
        close(connection);
    }
}

static void call(struct in_addr whom, int port) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = whom};
    char said[100] = "";
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd == -1 || connect(fd, (struct sockaddr *)&to, sizeof to) == -1) die("connect");
    if (read(fd, said, sizeof said - 1) <= 0) die("read");
    printf("%s:%d says: %s", inet_ntoa(whom), port, said);
    fflush(stdout);
    close(fd);
}

/* The question for one name, and behind it in an answer: the same name, type A, class IN, no time to live, four
 * bytes. */
static const unsigned char question[] = {0x12, 0x67, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3, 'o', 'n', 'e', 0, 0, 1, 0, 1};
static const unsigned char record[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 10, 9, 0, 2};

static void resolve(int fd) {
    for (;;) {
        unsigned char message[512];
        struct sockaddr_in asks;
        socklen_t size = sizeof asks;
        ssize_t length = recvfrom(fd, message, sizeof message - sizeof record, 0, (struct sockaddr *)&asks, &size);
        if (length < 12) die("recvfrom");
        message[2] = 0x81;
        message[3] = 0x80;
        message[7] = 1;
        memcpy(message + length, record, sizeof record);
        sendto(fd, message, length + sizeof record, 0, (struct sockaddr *)&asks, size);
    }
}

static struct in_addr look_up(void) {
    struct timeval patience = {2, 0};
    struct sockaddr_in resolver = at("10.9.0.1", 53);
    unsigned char answer[512];
    struct in_addr found;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ssize_t length = -1;
    for (int i = 0; i < 8 && length == -1; i++) {
        sendto(fd, question, sizeof question, 0, (struct sockaddr *)&resolver, sizeof resolver);
        length = recv(fd, answer, sizeof answer, 0);
    }
    if (length < (ssize_t)sizeof question + (ssize_t)sizeof record) die("nobody knows the name");
    memcpy(&found, answer + length - 4, 4);
    close(fd);
    return found;
}

static void first_hop(const char *address) {
    int on = 1, ttl = 1;
    char byte;
    struct sockaddr_in to = at(address, 33434);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof on);
    setsockopt(fd, IPPROTO_IP, IP_TTL, &ttl, sizeof ttl);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == -1 || send(fd, "hop", 3, 0) == -1) die("send");
    if (recv(fd, &byte, 1, 0) == -1) perror("the first hop");
    close(fd);
}

static void settle(const char *address) {
    await(cabled);
    run("ip address add %s/24 dev eth0 && ip link set eth0 up && ip route add default via 10.9.0.1", address);
}

static int first(void *unused) {
    (void)unused;
    settle("10.9.0.2");
    int fd = hear(SOCK_STREAM, "10.9.0.2", 80);
    opened(ready);
    serve(fd);
    return 1;
}

static int second(void *unused) {
    (void)unused;
    settle("10.9.0.3");
    await(may_call);
    call(look_up(), 80);
    first_hop("203.0.113.7");
    call(at("203.0.113.7", 7).sin_addr, 7);
    return 0;
}

static int world(void *unused) {
    (void)unused;
    await(cabled);
    run("ip address add 203.0.113.7/24 dev eth0 && ip link set eth0 up");
    int fd = hear(SOCK_STREAM, "203.0.113.7", 7);
    pid_t pid = fork();
    if (pid == 0) serve(fd);
    opened(ready);
    await(published);
    call(at("203.0.113.1", 8080).sin_addr, 8080);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    return 0;
}

static pid_t start(int (*life)(void *)) {
    static char stacks[3][262144];
    static int count;
    pid_t pid = clone(life, stacks[count] + sizeof stacks[count], CLONE_NEWNET | SIGCHLD, NULL);
    count++;
    if (pid == -1) die("clone");
    return pid;
}

static void bridge_ports(void) {
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd == -1 || ioctl(fd, SIOCBRADDBR, "br0") == -1) die("SIOCBRADDBR");
    const char *ports[] = {"one0", "two0"};
    for (int i = 0; i < 2; i++) {
        struct ifreq request = {.ifr_name = "br0"};
        request.ifr_ifindex = if_nametoindex(ports[i]);
        if (ioctl(fd, SIOCBRADDIF, &request) == -1) die("SIOCBRADDIF");
    }
    close(fd);
}

int main(void) {
    struct gate *gates[] = {&cabled, &ready, &may_call, &published};
    for (int i = 0; i < 4; i++)
        if (pipe(gates[i]->ends) == -1) die("pipe");
    if (unshare(CLONE_NEWNET) == -1) die("unshare");
    pid_t one = start(first), two = start(second), far = start(world);
    const char *cable = "ip link add %s type veth peer name eth0 netns %d && ip link set %s up";
    run(cable, "one0", one, "one0");
    run(cable, "two0", two, "two0");
    run(cable, "uplink0", far, "uplink0");
    bridge_ports();
    // Of its own, and not that of a port which goes with its container.
    run("ip link set br0 address 02:00:00:00:00:01");
    run("ip address add 10.9.0.1/24 dev br0 && ip link set br0 up && ip address add 203.0.113.1/24 dev uplink0");
    run("echo 1 >/proc/sys/net/ipv4/ip_forward");
    run("nft 'add table ip c; add chain ip c out { type nat hook postrouting priority 100 ; }; "
        "add rule ip c out oifname uplink0 masquerade; add chain ip c in { type nat hook prerouting priority -100 ; "
        "}; "
        "add rule ip c in iifname uplink0 tcp dport 8080 dnat to 10.9.0.2:80'");
    for (int i = 0; i < 3; i++) opened(cabled);
    for (int i = 0; i < 2; i++) await(ready);
    int fd = hear(SOCK_DGRAM, "10.9.0.1", 53);
    pid_t names = fork();
    if (names == 0) resolve(fd);
    int status, code = 0;
    opened(may_call);
    if (waitpid(two, &status, 0) == -1 || status != 0) code = 1;
    opened(published);
    if (waitpid(far, &status, 0) == -1 || status != 0) code = 1;
    pid_t rest[] = {one, names};
    for (int i = 0; i < 2; i++) {
        kill(rest[i], SIGKILL);
        waitpid(rest[i], NULL, 0);
    }
    return code;
}
