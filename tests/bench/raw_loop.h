/* SPDX-License-Identifier: MIT */
/*
 * raw_loop.h - the least that an epoll server can do: about the kernel's price of a connection.
 *
 * Level-triggered epoll, one recv per readable connection, one send per answer, no time limits, no
 * accounting, no memory per connection. What the benchmark divides by. Functions are static, so
 * that the compiler sees the handler and inlines it.
 */
#ifndef COPPICE_RAW_LOOP_H
#define COPPICE_RAW_LOOP_H

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define RAW_MAX_EVENTS 512
#define RAW_BUFFER     16384
#define RAW_MAX_FDS    65536

/* Answer what stands in buffer[0 .. len). Returns 0, or -errno to have the connection closed. */
typedef int (*raw_answer_fn)(int fd, const char *buffer, size_t len);

static inline void raw_fail(const char *what)
{
    perror(what);
    exit(1);
}

/* Send it all. A full socket buffer is waited for on the spot: the loads of the benchmark never
 * fill one. */
static inline int raw_send(int fd, const char *data, size_t len)
{
    size_t done = 0;

    while (done < len) {
        ssize_t n = send(fd, data + done, len - done, MSG_NOSIGNAL);
        struct pollfd writable = {.fd = fd, .events = POLLOUT};

        if (n >= 0)
            done += (size_t)n;
        else if (errno != EAGAIN || poll(&writable, 1, 1000) <= 0)
            return -EPIPE;
    }
    return 0;
}

/* Listen on 127.0.0.1; port 0 takes a free one. Says on stdout which it is. */
static inline int raw_listen(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    socklen_t len = sizeof(address);
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) < 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 4096) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) < 0)
        raw_fail("listen");
    printf("%u\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

/* Accept all that wait; an accepted socket has the listener's TCP_NODELAY. */
static inline void raw_accept(int epoll, int listener)
{
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

        if (fd < 0 && errno == EAGAIN)
            return;
        if (fd < 0 || fd >= RAW_MAX_FDS || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
            raw_fail("accept");
    }
}

/* One recv, one answer. Returns whether the connection goes on. */
static inline bool raw_serve(int fd, raw_answer_fn answer)
{
    static char buffer[RAW_BUFFER];
    ssize_t n = recv(fd, buffer, sizeof(buffer), 0);

    if (n < 0)
        return errno == EAGAIN;
    return n > 0 && answer(fd, buffer, (size_t)n) >= 0;
}

/* Serve on the port that the command line names, until killed. */
static inline int raw_run(int argc, char **argv, raw_answer_fn answer)
{
    static struct epoll_event events[RAW_MAX_EVENTS];
    struct rlimit files = {RAW_MAX_FDS, RAW_MAX_FDS};
    struct epoll_event event = {.events = EPOLLIN};
    int listener;
    int epoll;

    if (argc != 2) {
        fprintf(stderr, "usage: %s PORT\n", argv[0]);
        return 2;
    }
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    listener = raw_listen((uint16_t)atoi(argv[1]));
    epoll = epoll_create1(EPOLL_CLOEXEC);
    event.data.fd = listener;
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) < 0)
        raw_fail("epoll");
    for (;;) {
        int n = epoll_wait(epoll, events, RAW_MAX_EVENTS, -1);

        if (n < 0 && errno != EINTR)
            raw_fail("epoll_wait");
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;

            if (fd == listener)
                raw_accept(epoll, listener);
            else if (!raw_serve(fd, answer))
                close(fd);
        }
    }
}

#endif
