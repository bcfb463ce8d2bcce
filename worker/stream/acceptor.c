/* SPDX-License-Identifier: MIT */
#include "worker/stream/acceptor.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/metrics.h"
#include "worker/stream/listener.h"
#include "worker/task/sched.h"

static int bind_and_listen(int fd, const struct cop_address *address, int backlog,
                           struct cop_address *bound)
{
    int on = 1;

    if (address->sockaddr.ss_family != AF_UNIX &&
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
        return -errno;
    if (address->sockaddr.ss_family == AF_INET6 &&
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0)
        return -errno;
    if (bind(fd, (const struct sockaddr *)&address->sockaddr, address->len) < 0 ||
        listen(fd, backlog > 0 ? backlog : SOMAXCONN) < 0)
        return -errno;
    bound->len = sizeof(bound->sockaddr);
    return getsockname(fd, (struct sockaddr *)&bound->sockaddr, &bound->len) < 0 ? -errno : 0;
}

int cop_listen(struct cop_acceptor *acceptor, const struct cop_address *address, int backlog)
{
    int type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
    int fd = socket(address->sockaddr.ss_family, type, 0);
    struct cop_address bound = {0};
    int rc;

    if (fd < 0)
        return -errno;
    rc = bind_and_listen(fd, address, backlog, &bound);
    if (rc < 0) {
        close(fd);
        return rc;
    }
    acceptor->address = bound;
    io_init(&acceptor->io, fd, NULL);
    return 0;
}

void cop_acceptor_close(struct cop_acceptor *acceptor)
{
    if (acceptor->io.fd < 0)
        return;
    io_fini(&acceptor->io);
    close(acceptor->io.fd);
    acceptor->io.fd = -1;
}

int cop_accept(struct cop_acceptor *acceptor, struct cop_stream *stream)
{
    struct cop_task *self = sched_current();
    int type = SOCK_CLOEXEC | (self->loop->blocking ? 0 : SOCK_NONBLOCK);
    int rc = sched_check(self);

    if (rc == 0 && acceptor->io.reader)
        rc = -EBUSY;
    while (rc == 0) {
        int fd = accept4(acceptor->io.fd, NULL, NULL, type);

        if (fd >= 0) {
            cop_stream_init(stream, fd);
            return sched_keep_fair(self, 0);
        }
        if (errno == EAGAIN) {
            rc = io_wait_readable(&acceptor->io, COP_NEVER);
        } else if (!listener_error_is_of_the_connection(errno)) {
            METRIC_ADD(accept_errors, 1);
            rc = -errno;
        }
    }
    return rc;
}
