/* SPDX-License-Identifier: MIT */
#include "worker/stream/sendfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/sendfile.h>

#include "common/check.h"
#include "common/metrics.h"
#include "worker/stream/sigpipe.h"

/* At once: what a blocking socket takes in one call cannot be interrupted. */
#define PIECE_MAX (256u << 10)

static ssize_t send_piece(struct cop_stream *stream, int file, off_t *offset, size_t size)
{
    struct sigpipe hold;
    ssize_t n;

    sigpipe_hold(&hold);
    n = sendfile(stream->io.fd, file, offset, size < PIECE_MAX ? size : PIECE_MAX);
    sigpipe_release(&hold);
    return n < 0 ? -errno : n;
}

static int send_all(struct cop_stream *stream, int file, off_t offset, size_t size, bool in_kernel)
{
    cop_time deadline = COP_NEVER;

    while (size > 0) {
        ssize_t n = send_piece(stream, file, &offset, size);
        int rc;

        if (n == 0)
            return -ENODATA;
        if (n > 0) {
            size -= (size_t)n;
            deadline = COP_NEVER;
            stream->sent += (uint64_t)n;
            if (stream->counted)
                METRIC_ADD(bytes_out, (uint64_t)n);
            continue;
        }
        rc = stream_retry_write(stream, (int)-n, in_kernel, &deadline);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* sendfile(2) has no flag for not waiting: the descriptor has to say it. */
static int set_nonblocking(int fd, bool on)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0 || fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK) < 0)
        return -errno;
    return 0;
}

int cop_sendfile(struct cop_stream *stream, int file, off_t offset, size_t size)
{
    bool in_kernel, toggle;
    int rc = offset < 0 ? -EINVAL : stream_begin_write(stream, &in_kernel);

    if (rc < 0)
        return rc;
    toggle = stream->blocking && !stream->pipe && !in_kernel;
    if (toggle && (rc = set_nonblocking(stream->io.fd, true)) < 0)
        return rc;
    rc = send_all(stream, file, offset, size, in_kernel);
    /* After -EBADF somebody has closed it. */
    if (toggle && stream->io.fd >= 0)
        CHECK(set_nonblocking(stream->io.fd, false) == 0);
    return rc;
}
