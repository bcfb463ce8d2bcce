/* SPDX-License-Identifier: MIT */
#include "worker/stream/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "common/check.h"
#include "common/list.h"
#include "common/metrics.h"
#include "worker/task/loop.h"
#include "worker/task/sched.h"

/* More at one wake would leave the other workers without, and the running connections waiting. */
#define BURST_MAX 8

#define LISTENERS_MAX 64

/* More than any queue holds; a bound where clients come as fast as they are accepted. */
#define SWEEP_MAX 65536

/* The kernel does not tell the length of a UNIX socket's queue. */
#define WAITING_GUESS 128

bool listener_error_is_of_the_connection(int error)
{
    switch (error) {
    case ECONNABORTED:
    case EINTR:
    case ENETDOWN:
    case EPROTO:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
        return true;
    default:
        return false;
    }
}

/* A burst that came out full doubles, one that found the queue empty shrinks to what was there: a
 * wake for one connection asks once. */
static void adapt_burst(struct listener *listener, unsigned naccepted)
{
    if (naccepted >= listener->burst)
        listener->burst = listener->burst * 2 < BURST_MAX ? listener->burst * 2 : BURST_MAX;
    else
        listener->burst = naccepted > 0 ? naccepted : 1;
}

/* Stop accepting for a while. */
static void pause_accepting(struct listener *listener)
{
    if (listener->paused)
        return;
    listener->paused = true;
    METRIC_ADD(accept_pauses, 1);
    io_unwatch(&listener->io);
}

static void readable(struct io *io)
{
    struct listener *listener = list_entry(io, struct listener, io);
    unsigned burst = listener->burst;
    unsigned n = 0;

    while (n < burst && !listener->paused) {
        int fd = accept4(io->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd < 0 && errno == EAGAIN)
            break;
        n++;
        if (fd >= 0) {
            if (!listener->accepted(listener, fd))
                pause_accepting(listener);
        } else {
            METRIC_ADD(accept_errors, 1);
            if (!listener_error_is_of_the_connection(errno))
                pause_accepting(listener);
        }
    }
    adapt_burst(listener, n);
}

void listener_start(struct listener *listener, int fd,
                    bool (*accepted)(struct listener *listener, int fd), void *arg)
{
    *listener = (struct listener){.accepted = accepted, .arg = arg, .burst = 1};
    io_init(&listener->io, fd, readable);
    io_watch(&listener->io);
}

void listener_stop(struct listener *listener)
{
    listener->paused = true;
    io_fini(&listener->io);
}

void listener_sweep(struct listener *listener)
{
    for (unsigned n = 0; n < SWEEP_MAX && !listener->paused; n++) {
        int fd = accept4(listener->io.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0 && !listener->accepted(listener, fd))
            return;
        if (fd < 0 && !listener_error_is_of_the_connection(errno))
            return;
    }
}

void listener_resume(struct listener *listener)
{
    if (!listener->paused)
        return;
    listener->paused = false;
    io_watch(&listener->io);
}

/* Several sockets: wait for the first that has a connection. Returns its index, or -errno. */
static int wait_for_any(const int *fds, size_t nfds)
{
    struct pollfd pollfds[LISTENERS_MAX];

    CHECK(nfds <= LISTENERS_MAX);
    for (size_t i = 0; i < nfds; i++)
        pollfds[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
    if (poll(pollfds, nfds, -1) < 0)
        return -errno;
    for (size_t i = 0; i < nfds; i++) {
        if (pollfds[i].revents)
            return (int)i;
    }
    return -EINTR;
}

unsigned listener_count_waiting(int fd)
{
    struct tcp_info info;
    socklen_t len = sizeof(info);

    /* For a listener the kernel reports its queue here (tcp_get_info). */
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 ? info.tcpi_unacked
                                                                   : WAITING_GUESS;
}

int listener_accept_waiting(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
        return -errno;
    for (unsigned n = 0; n < SWEEP_MAX; n++) {
        int accepted = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

        if (accepted >= 0)
            return accepted;
        if (!listener_error_is_of_the_connection(errno))
            break;
    }
    return -errno;
}

int listener_accept_blocking(const int *fds, size_t nfds)
{
    bool has_to_poll = nfds > 1;

    while (loop_interrupted(loop_here) == LOOP_INTERRUPT_NONE) {
        int which = has_to_poll ? wait_for_any(fds, nfds) : 0;
        int fd = which < 0 ? which : accept4(fds[which], NULL, NULL, SOCK_CLOEXEC);

        if (fd >= 0)
            return fd;
        if (which < 0) {
            if (which != -EINTR)
                return which;
            continue;
        }
        /* A socket that another generation opened, or that the next one has, need not block. */
        if (errno == EAGAIN)
            has_to_poll = true;
        if (errno == EAGAIN || errno == EINTR)
            continue;
        METRIC_ADD(accept_errors, 1);
        if (!listener_error_is_of_the_connection(errno))
            return -errno;
    }
    return -ECANCELED;
}
