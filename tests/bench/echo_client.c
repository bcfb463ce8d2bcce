/* SPDX-License-Identifier: MIT */
/*
 * echo_client.c - N connections play ping-pong with an echo server for a while.
 *
 * Closed loop: each connection sends a message, waits for all of it to come back, and sends it
 * again. Prints "messages SECONDS", or fails when a byte comes back wrong or a connection is lost.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MESSAGE         64
#define MAX_EVENTS      512
#define MAX_CONNECTIONS 16384

struct connection {
    int fd;
    unsigned got; /* bytes of the current message that are back */
};

static struct connection connections[MAX_CONNECTIONS];
static char message[MESSAGE];

static void fail(const char *what)
{
    fprintf(stderr, "echo_client: %s: %s\n", what, errno ? strerror(errno) : "failed");
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
    if (send(connection->fd, message, MESSAGE, MSG_NOSIGNAL) != MESSAGE)
        fail("send");
}

/* Returns 1 when the message is back and was sent anew, else 0. */
static unsigned receive(struct connection *connection)
{
    char buffer[MESSAGE];
    ssize_t n = recv(connection->fd, buffer, MESSAGE - connection->got, 0);

    if (n <= 0)
        fail("recv");
    if (memcmp(buffer, message + connection->got, (size_t)n) != 0) {
        errno = EBADMSG;
        fail("a byte came back wrong");
    }
    connection->got += (unsigned)n;
    if (connection->got < MESSAGE)
        return 0;
    connection->got = 0;
    send_message(connection);
    return 1;
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
static uint64_t play(int epoll, unsigned count, double deadline)
{
    static struct epoll_event events[MAX_EVENTS];
    uint64_t messages = 0;

    for (unsigned i = 0; i < count; i++)
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
    unsigned count = argc == 4 ? (unsigned)atoi(argv[2]) : 0;
    uint64_t messages;
    double start;
    int epoll;

    if (count < 1 || count > MAX_CONNECTIONS) {
        fprintf(stderr, "usage: %s PORT CONNECTIONS SECONDS\n", argv[0]);
        return 2;
    }
    for (size_t i = 0; i < MESSAGE; i++)
        message[i] = (char)('!' + i);
    epoll = open_connections((uint16_t)atoi(argv[1]), count);
    start = now();
    messages = play(epoll, count, start + atof(argv[3]));
    printf("%llu %.6f\n", (unsigned long long)messages, now() - start);
    return 0;
}
