/* SPDX-License-Identifier: MIT */
/*
 * ping_client.c - N connections play ping-pong with a server for a while: 64 bytes of echo, or HTTP
 * requests on connections that are kept.
 *
 * Closed loop: each busy connection sends a message, waits for all of the answer, and sends it
 * again. An echo comes back as it was sent; an answer of HTTP has the length of the first. Says
 * "ready" when all are connected, and begins with the next line of its stdin; then it prints
 * "messages SECONDS", and leaves when its stdin ends: so the play can be measured alone. Fails when
 * an answer is wrong or a connection is lost.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ECHO_LEN        64
#define ANSWER_MAX      4096
#define MAX_EVENTS      512
#define MAX_CONNECTIONS 16384

struct connection {
    int fd;
    size_t got; /* bytes of the current answer */
};

static struct connection connections[MAX_CONNECTIONS];
static char message[ECHO_LEN];
static size_t message_len;
static size_t answer_len;
static bool is_echo;

static void fail(const char *what)
{
    fprintf(stderr, "ping_client: %s: %s\n", what, errno ? strerror(errno) : "failed");
    exit(1);
}

static double now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static int connect_to(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) < 0)
        fail("connect");
    return fd;
}

static void send_message(const struct connection *connection)
{
    if (send(connection->fd, message, message_len, MSG_NOSIGNAL) != (ssize_t)message_len)
        fail("send");
}

/* Returns 1 when the answer is complete and the message was sent anew, else 0. */
static unsigned receive(struct connection *connection)
{
    char buffer[ANSWER_MAX];
    ssize_t n = recv(connection->fd, buffer, answer_len - connection->got, 0);

    if (n <= 0)
        fail("recv");
    if (is_echo && memcmp(buffer, message + connection->got, (size_t)n) != 0) {
        errno = EBADMSG;
        fail("a byte came back wrong");
    }
    connection->got += (size_t)n;
    if (connection->got < answer_len)
        return 0;
    connection->got = 0;
    send_message(connection);
    return 1;
}

/* Ask once. Returns the length of the answer, which must come in one piece. */
static size_t learn_answer(uint16_t port)
{
    struct connection once = {.fd = connect_to(port)};
    char answer[ANSWER_MAX];
    ssize_t n;

    send_message(&once);
    n = recv(once.fd, answer, sizeof(answer), 0);
    if (n < 12 || memcmp(answer, "HTTP/1.1 200", 12) != 0)
        fail("the first answer is no HTTP/1.1 200");
    close(once.fd);
    return (size_t)n;
}

static void prepare(uint16_t port)
{
    if (is_echo) {
        for (size_t i = 0; i < ECHO_LEN; i++)
            message[i] = (char)('!' + i);
        message_len = answer_len = ECHO_LEN;
    } else {
        message_len = (size_t)sprintf(message, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
        answer_len = learn_answer(port);
    }
}

/* Wait for a word, or the end, from who measures. */
static bool is_told(void)
{
    char line[16];

    fflush(stdout);
    return fgets(line, sizeof(line), stdin) != NULL;
}

static int open_connections(uint16_t port, unsigned count)
{
    int epoll = epoll_create1(EPOLL_CLOEXEC);

    if (epoll < 0)
        fail("epoll");
    for (unsigned i = 0; i < count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &connections[i]};

        connections[i].fd = connect_to(port);
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, connections[i].fd, &event) < 0)
            fail("epoll_ctl");
    }
    return epoll;
}

/* Returns how many messages came back before the deadline. */
static uint64_t play(int epoll, unsigned busy, double deadline)
{
    static struct epoll_event events[MAX_EVENTS];
    uint64_t messages = 0;

    for (unsigned i = 0; i < busy; i++)
        send_message(&connections[i]);
    while (now() < deadline) {
        int n = epoll_wait(epoll, events, MAX_EVENTS, 1000);

        if (n <= 0)
            fail("nothing came back within a second");
        for (int i = 0; i < n; i++)
            messages += receive(events[i].data.ptr);
    }
    return messages;
}

int main(int argc, char **argv)
{
    unsigned count = argc == 6 ? (unsigned)atoi(argv[3]) : 0;
    unsigned busy = argc == 6 ? (unsigned)atoi(argv[4]) : 0;
    uint64_t messages;
    uint16_t port;
    double start;
    int epoll;

    if (busy < 1 || count < busy || count > MAX_CONNECTIONS) {
        fprintf(stderr, "usage: %s echo|http PORT CONNECTIONS BUSY SECONDS\n", argv[0]);
        return 2;
    }
    is_echo = strcmp(argv[1], "echo") == 0;
    port = (uint16_t)atoi(argv[2]);
    prepare(port);
    epoll = open_connections(port, count);
    puts("ready");
    if (!is_told())
        return 1;
    start = now();
    messages = play(epoll, busy, start + atof(argv[5]));
    printf("%llu %.6f\n", (unsigned long long)messages, now() - start);
    (void)is_told();
    return 0;
}
