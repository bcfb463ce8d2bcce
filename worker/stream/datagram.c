/* SPDX-License-Identifier: MIT */
#include "worker/stream/datagram.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "worker/task/sched.h"

static const struct sockaddr *sockaddr_of(const struct cop_address *address)
{
    return (const struct sockaddr *)&address->sockaddr;
}

int cop_datagram_open(struct cop_datagram *datagram, const struct cop_address *local)
{
    int type = SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
    int fd = socket(local->sockaddr.ss_family, type, 0);
    int error;

    if (fd < 0)
        return -errno;
    if (bind(fd, sockaddr_of(local), local->len) < 0) {
        error = errno;
        close(fd);
        return -error;
    }
    io_init(&datagram->io, fd, NULL);
    return 0;
}

void cop_datagram_close(struct cop_datagram *datagram)
{
    if (datagram->io.fd < 0)
        return;
    io_fini(&datagram->io);
    close(datagram->io.fd);
    datagram->io.fd = -1;
}

int cop_datagram_address(const struct cop_datagram *datagram, struct cop_address *address)
{
    struct cop_address found = {.len = sizeof(found.sockaddr)};

    if (getsockname(datagram->io.fd, (struct sockaddr *)&found.sockaddr, &found.len) < 0)
        return -errno;
    *address = found;
    return 0;
}

int cop_datagram_connect(struct cop_datagram *datagram, const struct cop_address *peer)
{
    return connect(datagram->io.fd, sockaddr_of(peer), peer->len) < 0 ? -errno : 0;
}

ssize_t cop_recv_from(struct cop_datagram *datagram, void *buffer, size_t size,
                      struct cop_address *from)
{
    struct cop_task *self = sched_current();
    int rc = sched_check(self);

    if (rc == 0 && datagram->io.reader)
        rc = -EBUSY;
    while (rc == 0) {
        struct cop_address sender = {.len = sizeof(sender.sockaddr)};
        ssize_t n = recvfrom(datagram->io.fd, buffer, size, MSG_TRUNC | MSG_DONTWAIT,
                             (struct sockaddr *)&sender.sockaddr, &sender.len);

        if (n >= 0) {
            if (from)
                *from = sender;
            (void)sched_keep_fair(self, 0);
            return (size_t)n > size ? -EMSGSIZE : n;
        }
        if (errno == EAGAIN)
            rc = io_wait_readable(&datagram->io, COP_NEVER);
        else if (errno != EINTR)
            rc = -errno;
    }
    return rc;
}

int cop_send_to(struct cop_datagram *datagram, const void *buffer, size_t size,
                const struct cop_address *to)
{
    struct cop_task *self = sched_current();
    int rc = sched_check(self);

    if (rc == 0 && datagram->io.writer)
        rc = -EBUSY;
    while (rc == 0) {
        ssize_t n = sendto(datagram->io.fd, buffer, size, MSG_DONTWAIT | MSG_NOSIGNAL,
                           to ? sockaddr_of(to) : NULL, to ? to->len : 0);

        if (n >= 0)
            return sched_keep_fair(self, 0);
        if (errno == EAGAIN)
            rc = io_wait_writable(&datagram->io, COP_NEVER);
        else if (errno != EINTR)
            rc = -errno;
    }
    return rc;
}
