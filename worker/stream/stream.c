/* SPDX-License-Identifier: MIT */
#include "worker/stream/stream.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/check.h"
#include "common/clock.h"
#include "common/metrics.h"
#include "worker/task/sched.h"

/* So many calls may succeed without a wait before the others get their turn. */
#define STREAK_MAX 64

/* A client that has connected is about to say something; a drain gives it so long. */
#define GREETING_NS NS_PER_S

void cop_stream_init(struct cop_stream *stream, int fd)
{
    struct loop *loop = sched_here();

    io_init(&stream->io, fd, NULL);
    stream->blocking = loop->blocking;
    stream->drained = false;
    stream->streak = 0;
    stream->counted = false;
    stream->fresh = false;
    stream->silent = true;
    stream->read_timeout = COP_NEVER;
    stream->write_timeout = COP_NEVER;
    stream->kernel_read_timeout = COP_NEVER;
    stream->kernel_write_timeout = COP_NEVER;
}

void cop_stream_close(struct cop_stream *stream)
{
    if (stream->io.fd < 0)
        return;
    io_fini(&stream->io);
    close(stream->io.fd);
    stream->io.fd = -1;
}

void cop_stream_abort(struct cop_stream *stream)
{
    struct linger reset = {.l_onoff = 1, .l_linger = 0};

    if (stream->io.fd < 0)
        return;
    /* Not every descriptor is a TCP socket; then closing has to do. */
    (void)setsockopt(stream->io.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    cop_stream_close(stream);
}

void cop_stream_set_timeouts(struct cop_stream *stream, cop_time read_timeout,
                             cop_time write_timeout)
{
    stream->read_timeout = read_timeout;
    stream->write_timeout = write_timeout;
}

static cop_time deadline_of(cop_time timeout)
{
    return timeout == COP_NEVER ? COP_NEVER : clock_add(clock_now(), timeout);
}

/* Have the kernel's own wait end after `timeout`; no call where it is set so already. */
static int set_kernel_timeout(int fd, int option, cop_time timeout, cop_time *set)
{
    struct timeval value = {0};

    if (*set == timeout)
        return 0;
    if (timeout != COP_NEVER) {
        cop_time us = timeout < NS_PER_US ? 1 : timeout / NS_PER_US;

        value.tv_sec = us / 1000000;
        value.tv_usec = us % 1000000;
    }
    if (setsockopt(fd, SOL_SOCKET, option, &value, sizeof(value)) < 0)
        return -errno;
    *set = timeout;
    return 0;
}

/* In a blocking loop: may the kernel wait, or are there deadlines and tasks that it does not know?
 */
static bool kernel_waits(const struct cop_stream *stream, const struct cop_task *self)
{
    return stream->blocking && self->deadline == COP_NEVER && self->loop->ntasks == 0;
}

/* A signal ended the kernel's wait, and the next one starts its time anew: that may happen once.
 * Returns 0 to go on, -ECANCELED or -ETIMEDOUT. */
static int after_signal(const struct cop_stream *stream, cop_time timeout, cop_time *deadline)
{
    enum loop_interrupt interrupt = loop_interrupted(loop_here);
    bool is_idle = interrupt == LOOP_INTERRUPT_IDLE && stream->fresh;
    cop_time now = clock_now();

    if (interrupt == LOOP_INTERRUPT_ALL || (is_idle && !stream->silent))
        return -ECANCELED;
    if (is_idle && timeout > GREETING_NS)
        timeout = GREETING_NS;
    if (*deadline == COP_NEVER && timeout != COP_NEVER)
        *deadline = clock_add(now, timeout);
    return now < *deadline ? 0 : -ETIMEDOUT;
}

static int keep_fair(struct cop_stream *stream)
{
    if (++stream->streak < STREAK_MAX)
        return 0;
    stream->streak = 0;
    return cop_yield();
}

static int wait_readable(struct cop_stream *stream)
{
    stream->streak = 0;
    stream->drained = false;
    return io_wait_readable(&stream->io, deadline_of(stream->read_timeout));
}

static ssize_t got(struct cop_stream *stream, ssize_t n, size_t size)
{
    stream->drained = (size_t)n < size;
    stream->fresh = stream->silent = false;
    if (stream->counted)
        METRIC_ADD(bytes_in, (uint64_t)n);
    /* What was read is the caller's, cancelled or not. */
    if (n > 0)
        (void)keep_fair(stream);
    return n;
}

static ssize_t read_in_kernel(struct cop_stream *stream, void *buffer, size_t size)
{
    cop_time deadline = COP_NEVER;
    int rc = set_kernel_timeout(stream->io.fd, SO_RCVTIMEO, stream->read_timeout,
                                &stream->kernel_read_timeout);

    while (rc == 0) {
        ssize_t n = recv(stream->io.fd, buffer, size, 0);

        loop_here->now = clock_now();
        if (n >= 0)
            return got(stream, n, size);
        if (errno == EAGAIN)
            return -ETIMEDOUT;
        if (errno != EINTR)
            return -errno;
        rc = after_signal(stream, stream->read_timeout, &deadline);
    }
    return rc;
}

ssize_t cop_read(struct cop_stream *stream, void *buffer, size_t size)
{
    struct cop_task *self = sched_current();
    int rc = sched_check(self);

    if (rc < 0)
        return rc;
    if (stream->io.reader)
        return -EBUSY;
    if (kernel_waits(stream, self))
        return read_in_kernel(stream, buffer, size);
    if (stream->drained && (rc = wait_readable(stream)) < 0)
        return rc;
    for (;;) {
        ssize_t n = recv(stream->io.fd, buffer, size, MSG_DONTWAIT);

        if (n >= 0)
            return got(stream, n, size);
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN)
            return -errno;
        if (stream->fresh && !stream->blocking)
            return -EAGAIN;
        rc = wait_readable(stream);
        if (rc < 0)
            return rc;
    }
}

int cop_read_exactly(struct cop_stream *stream, void *buffer, size_t size)
{
    size_t len = 0;

    while (len < size) {
        ssize_t n = cop_read(stream, (char *)buffer + len, size - len);

        if (n < 0)
            return (int)n;
        if (n == 0)
            return -ENODATA;
        len += (size_t)n;
    }
    return 0;
}

/* Drop the first n bytes of the pieces. */
static void advance(struct iovec **pieces, int *npieces, size_t n)
{
    while (*npieces > 0 && n >= (*pieces)->iov_len) {
        n -= (*pieces)->iov_len;
        (*pieces)++;
        (*npieces)--;
    }
    if (*npieces > 0) {
        (*pieces)->iov_base = (char *)(*pieces)->iov_base + n;
        (*pieces)->iov_len -= n;
    }
}

/* One call of the kernel. Returns the number of bytes, or -errno. */
static ssize_t send_pieces(struct cop_stream *stream, struct iovec *pieces, int npieces, int flags)
{
    struct msghdr message = {.msg_iov = pieces,
                             .msg_iovlen = npieces < IOV_MAX ? (size_t)npieces : IOV_MAX};
    ssize_t n = npieces == 1 ? send(stream->io.fd, pieces->iov_base, pieces->iov_len, flags)
                             : sendmsg(stream->io.fd, &message, flags);

    if (n < 0)
        return -errno;
    if (stream->counted)
        METRIC_ADD(bytes_out, (uint64_t)n);
    return n;
}

static int wait_writable(struct cop_stream *stream)
{
    stream->streak = 0;
    return io_wait_writable(&stream->io, deadline_of(stream->write_timeout));
}

static int write_pieces(struct cop_stream *stream, struct iovec *pieces, int npieces,
                        bool in_kernel)
{
    int flags = MSG_NOSIGNAL | (in_kernel ? 0 : MSG_DONTWAIT);
    cop_time deadline = COP_NEVER;

    advance(&pieces, &npieces, 0);
    while (npieces > 0) {
        ssize_t n = send_pieces(stream, pieces, npieces, flags);
        int rc = 0;

        if (n >= 0) {
            advance(&pieces, &npieces, (size_t)n);
            deadline = COP_NEVER;
        } else if (n == -EINTR) {
            rc = in_kernel ? after_signal(stream, stream->write_timeout, &deadline) : 0;
        } else if (n == -EAGAIN) {
            rc = in_kernel ? -ETIMEDOUT : wait_writable(stream);
        } else {
            rc = (int)n;
        }
        if (rc < 0)
            return rc;
    }
    (void)keep_fair(stream);
    return 0;
}

int cop_writev(struct cop_stream *stream, struct iovec *pieces, int n)
{
    struct cop_task *self = sched_current();
    bool in_kernel = kernel_waits(stream, self);
    int rc = sched_check(self);

    if (rc == 0 && stream->io.writer)
        rc = -EBUSY;
    if (rc == 0 && in_kernel)
        rc = set_kernel_timeout(stream->io.fd, SO_SNDTIMEO, stream->write_timeout,
                                &stream->kernel_write_timeout);
    return rc < 0 ? rc : write_pieces(stream, pieces, n, in_kernel);
}

int cop_write(struct cop_stream *stream, const void *buffer, size_t size)
{
    struct iovec piece = {.iov_base = (void *)(uintptr_t)buffer, .iov_len = size};

    return cop_writev(stream, &piece, 1);
}

int cop_shutdown_write(struct cop_stream *stream)
{
    return shutdown(stream->io.fd, SHUT_WR) < 0 ? -errno : 0;
}

static int finish_connect(struct cop_stream *stream)
{
    int error = 0;
    socklen_t len = sizeof(error);
    int rc = io_wait_writable(&stream->io, COP_NEVER);

    if (rc < 0)
        return rc;
    if (getsockopt(stream->io.fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
        return -errno;
    return -error;
}

/* In a blocking loop too a connect heeds deadlines; only then the kernel waits. */
static int make_blocking(int fd)
{
    int off = 0;

    return ioctl(fd, FIONBIO, &off) < 0 ? -errno : 0;
}

int cop_connect(struct cop_stream *stream, const struct address *address)
{
    int rc = sched_check(sched_current());
    int fd;

    if (rc < 0)
        return rc;
    fd = socket(address->sockaddr.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    cop_stream_init(stream, fd);
    if (connect(fd, (const struct sockaddr *)&address->sockaddr, address->len) < 0)
        rc = errno == EINPROGRESS || errno == EINTR ? finish_connect(stream) : -errno;
    if (rc == 0 && stream->blocking)
        rc = make_blocking(fd);
    if (rc < 0)
        cop_stream_close(stream);
    return rc;
}
