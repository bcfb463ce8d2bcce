/* SPDX-License-Identifier: MIT */
#include "common/order.h"

#include <errno.h>
#include <sys/socket.h>

int order_open(int fds[2])
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
        return -errno;
    fds[0] = pair[0];
    fds[1] = pair[1];
    return 0;
}

int order_send(int fd, const struct order *order)
{
    ssize_t n;

    do
        n = send(fd, order, sizeof(*order), MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n == (ssize_t)sizeof(*order))
        return 0;
    if (n < 0 && (errno == EAGAIN || errno == ENOBUFS))
        return -EAGAIN;
    return n < 0 && errno != ECONNRESET ? -errno : -EPIPE;
}

int order_receive(int fd, struct order *order)
{
    struct order got;
    ssize_t n;

    /* MSG_TRUNC: the length of the message, also when it is longer than an order. */
    do
        n = recv(fd, &got, sizeof(got), MSG_TRUNC);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN)
        return 0;
    if (n == 0 || (n < 0 && errno == ECONNRESET))
        return -EPIPE;
    if (n < 0)
        return -errno;
    if (n != (ssize_t)sizeof(got) || got.type < ORDER_DRAIN || got.type >= ORDER_END)
        return -EBADMSG;
    *order = got;
    return 1;
}
