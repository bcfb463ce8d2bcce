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
#include "worker/stream/sigpipe.h"
#include "worker/stream/socket_calls.h"
#include "worker/task/sched.h"

/* What stream_end reads at once, to throw it away. */
#define DRAIN_SIZE 4096

/* A client that has connected is about to say something; a drain gives it so long. */
#define GREETING_NS NS_PER_S

void cop_stream_init(struct cop_stream *stream, int fd)
{
    struct cop_loop *loop = sched_here();

    io_init(&stream->io, fd, NULL);
    stream->blocking = loop->blocking;
    stream->drained = false;
    stream->counted = false;
    stream->fresh = false;
    stream->pipe = false;
    stream->silent = true;
    stream->filling = false;
    stream->read_timeout = COP_NEVER;
    stream->write_timeout = COP_NEVER;
    stream->kernel_read_timeout = COP_NEVER;
    stream->kernel_write_timeout = COP_NEVER;
}

void cop_stream_init_pipe(struct cop_stream *stream, int fd)
{
    cop_stream_init(stream, fd);
    stream->pipe = true;
}

void cop_stream_close(struct cop_stream *stream)
{
    if (stream->io.fd < 0)
        return;
    io_fini(&stream->io);
    close(stream->io.fd);
    stream->io.fd = -1;
    stream->drained = false;
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
    return stream->blocking && !stream->pipe && self->deadline == COP_NEVER &&
           self->loop->ntasks == 0;
}

/* A signal ended the kernel's wait, and the next one starts its time anew: that may happen once.
 * Returns 0 to go on, -ECANCELED or -ETIMEDOUT. */
static int after_signal(const struct cop_stream *stream, cop_time timeout, cop_time *deadline)
{
    enum loop_interrupt interrupt = loop_interrupted(loop_here);
    bool is_idle = interrupt == LOOP_INTERRUPT_IDLE && stream->fresh;
    cop_time now = clock_now();

    if (interrupt == LOOP_INTERRUPT_ALL)
        return -ECANCELED;
    if (is_idle && !stream->silent && now >= loop_idle_until(loop_here))
        return -ECANCELED;
    if (is_idle && stream->silent && timeout > GREETING_NS)
        timeout = GREETING_NS;
    if (*deadline == COP_NEVER && timeout != COP_NEVER)
        *deadline = clock_add(now, timeout);
    return now < *deadline ? 0 : -ETIMEDOUT;
}

static int wait_readable(struct cop_stream *stream)
{
    stream->drained = false;
    return io_wait_readable(&stream->io, deadline_of(stream->read_timeout));
}

static int wait_writable(struct cop_stream *stream)
{
    return io_wait_writable(&stream->io, deadline_of(stream->write_timeout));
}

static inline ssize_t receive(struct cop_stream *stream, void *buffer, size_t size)
{
    if (__builtin_expect(stream->pipe, 0))
        return read(stream->io.fd, buffer, size);
    return socket_recv_now(stream->io.fd, buffer, size);
}

static ssize_t got(struct cop_stream *stream, ssize_t n, size_t size)
{
    stream->drained = (size_t)n < size;
    stream->fresh = stream->silent = false;
    if (stream->counted)
        METRIC_ADD(bytes_in, (uint64_t)n);
    /* What was read is the caller's, cancelled or not. */
    if (n > 0)
        (void)sched_keep_fair(sched_current(), 0);
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
    int rc = size == 0 ? -EINVAL : sched_check(self);

    if (rc < 0)
        return rc;
    if (stream->io.reader)
        return -EBUSY;
    if (kernel_waits(stream, self))
        return read_in_kernel(stream, buffer, size);
    if (stream->drained && (rc = wait_readable(stream)) < 0)
        return rc;
    for (;;) {
        ssize_t n = receive(stream, buffer, size);

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

int cop_read_exactly_from(struct cop_stream *stream, void *buffer, size_t size, size_t *len)
{
    while (*len < size) {
        ssize_t n = cop_read(stream, (char *)buffer + *len, size - *len);

        if (n < 0)
            return (int)n;
        if (n == 0)
            return -ENODATA;
        *len += (size_t)n;
    }
    return 0;
}

int cop_read_exactly(struct cop_stream *stream, void *buffer, size_t size)
{
    size_t len = 0;

    return cop_read_exactly_from(stream, buffer, size, &len);
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

static ssize_t write_to_pipe(struct cop_stream *stream, const struct iovec *pieces, int npieces)
{
    struct sigpipe hold;
    ssize_t n;

    sigpipe_hold(&hold);
    n = writev(stream->io.fd, pieces, npieces);
    sigpipe_release(&hold);
    return n;
}

static inline ssize_t transmit(struct cop_stream *stream, struct iovec *pieces, int npieces,
                               int flags)
{
    struct msghdr message = {.msg_iov = pieces};

    if (__builtin_expect(stream->pipe, 0))
        return write_to_pipe(stream, pieces, npieces < IOV_MAX ? npieces : IOV_MAX);
    if (npieces == 1)
        return send(stream->io.fd, pieces->iov_base, pieces->iov_len, flags);
    message.msg_iovlen = (size_t)(npieces < IOV_MAX ? npieces : IOV_MAX);
    return sendmsg(stream->io.fd, &message, flags);
}

int stream_retry_write(struct cop_stream *stream, int error, bool in_kernel, cop_time *deadline)
{
    if (error == EINTR)
        return in_kernel ? after_signal(stream, stream->write_timeout, deadline) : 0;
    if (error != EAGAIN)
        return -error;
    return in_kernel ? -ETIMEDOUT : wait_writable(stream);
}

/* Hand the kernel what it takes of the pieces, at least a byte. Returns the number or -errno. */
static ssize_t write_some(struct cop_stream *stream, struct iovec *pieces, int npieces,
                          bool in_kernel)
{
    int flags = MSG_NOSIGNAL | (in_kernel ? 0 : MSG_DONTWAIT);
    cop_time deadline = COP_NEVER;

    for (;;) {
        ssize_t n = transmit(stream, pieces, npieces, flags);
        int rc;

        if (n >= 0) {
            stream->sent += (uint64_t)n;
            if (stream->counted)
                METRIC_ADD(bytes_out, (uint64_t)n);
            return n;
        }
        rc = stream_retry_write(stream, errno, in_kernel, &deadline);
        if (rc < 0)
            return rc;
    }
}

int stream_begin_write(struct cop_stream *stream, bool *in_kernel)
{
    struct cop_task *self = sched_current();
    int rc = sched_check(self);

    if (rc < 0)
        return rc;
    if (stream->io.writer || stream->filling)
        return -EBUSY;
    *in_kernel = kernel_waits(stream, self);
    return *in_kernel ? set_kernel_timeout(stream->io.fd, SO_SNDTIMEO, stream->write_timeout,
                                           &stream->kernel_write_timeout)
                      : 0;
}

static int write_pieces(struct cop_stream *stream, struct iovec *pieces, int n)
{
    bool in_kernel;
    int rc = stream_begin_write(stream, &in_kernel);

    if (rc < 0)
        return rc;
    advance(&pieces, &n, 0);
    while (n > 0) {
        ssize_t len = write_some(stream, pieces, n, in_kernel);

        if (len < 0)
            return (int)len;
        advance(&pieces, &n, (size_t)len);
    }
    return sched_keep_fair(sched_current(), 0);
}

ssize_t cop_write_some(struct cop_stream *stream, const void *buffer, size_t size)
{
    struct iovec piece = {.iov_base = (void *)(uintptr_t)buffer, .iov_len = size};
    bool in_kernel;
    int rc = size == 0 ? -EINVAL : stream_begin_write(stream, &in_kernel);
    ssize_t n;

    if (rc < 0)
        return rc;
    n = write_some(stream, &piece, 1, in_kernel);
    if (n > 0)
        (void)sched_keep_fair(sched_current(), 0);
    return n;
}

/* The single call that most writes are. Returns the bytes that the kernel took, perhaps none, or
 * -errno. */
static inline ssize_t write_at_once(struct cop_stream *stream, const void *buffer, size_t size)
{
    ssize_t n;

    if (stream->blocking || stream->pipe || stream->io.writer || stream->filling || size == 0 ||
        sched_check(sched_current()) < 0)
        return 0;
    n = socket_send_now(stream->io.fd, buffer, size);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    stream->sent += (uint64_t)n;
    if (stream->counted)
        METRIC_ADD(bytes_out, (uint64_t)n);
    return n;
}

__attribute__((noinline)) static int write_rest(struct cop_stream *stream, const char *buffer,
                                                size_t size)
{
    struct iovec piece = {.iov_base = (void *)(uintptr_t)buffer, .iov_len = size};

    return write_pieces(stream, &piece, 1);
}

int cop_write(struct cop_stream *stream, const void *buffer, size_t size)
{
    ssize_t n = write_at_once(stream, buffer, size);

    if (n < 0)
        return (int)n;
    if (n == 0 || (size_t)n < size)
        return write_rest(stream, (const char *)buffer + n, size - (size_t)n);
    return sched_keep_fair(sched_current(), 0);
}

int cop_writev(struct cop_stream *stream, struct iovec *pieces, int n)
{
    if (n == 1)
        return cop_write(stream, pieces->iov_base, pieces->iov_len);
    return write_pieces(stream, pieces, n);
}

int cop_shutdown_write(struct cop_stream *stream)
{
    if (stream->pipe)
        return -ENOTSOCK;
    return shutdown(stream->io.fd, SHUT_WR) < 0 ? -errno : 0;
}

/* Read to the end and throw it away. Returns 0 at the end. */
static int drop_input(struct cop_stream *stream, size_t bytes)
{
    char buffer[DRAIN_SIZE];

    for (;;) {
        ssize_t n = cop_read(stream, buffer, sizeof(buffer));

        if (n <= 0)
            return (int)n;
        if ((size_t)n > bytes)
            return -EMSGSIZE;
        bytes -= (size_t)n;
    }
}

int stream_end(struct cop_stream *stream, size_t bytes, cop_time time)
{
    struct cop_scope scope;
    int rc;

    cop_scope_enter(&scope, clock_add(clock_now(), time));
    rc = cop_shutdown_write(stream);
    return cop_scope_exit(&scope, rc < 0 ? rc : drop_input(stream, bytes));
}

int cop_stream_finish(struct cop_stream *stream, size_t bytes, cop_time time)
{
    int rc = stream->pipe ? 0 : stream_end(stream, bytes, time);

    cop_stream_close(stream);
    return rc;
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

int cop_connect(struct cop_stream *stream, const struct cop_address *address)
{
    int rc = sched_check(sched_current());
    int fd;

    if (rc < 0)
        return rc;
    fd = socket(address->sockaddr.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    cop_stream_init(stream, fd);
    /* EAGAIN, of a UNIX socket alone, is a full backlog: nothing tells when there is room. */
    if (connect(fd, (const struct sockaddr *)&address->sockaddr, address->len) < 0)
        rc = errno == EINPROGRESS || errno == EINTR ? finish_connect(stream) : -errno;
    if (rc == 0 && stream->blocking)
        rc = make_blocking(fd);
    if (rc < 0)
        cop_stream_close(stream);
    return sched_keep_fair(sched_current(), rc);
}
