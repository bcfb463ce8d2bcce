/* SPDX-License-Identifier: MIT */
#include "worker/stream/sendfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/sendfile.h>

#include "common/check.h"
#include "common/metrics.h"
#include "worker/stream/page_cache.h"
#include "worker/stream/sigpipe.h"
#include "worker/task/sched.h"

/* At once. What a blocking socket takes in one call cannot be interrupted; on a loop, the others
 * wait for it. */
#define PIECE_MAX          (1u << 20)
#define PIECE_MAX_BLOCKING (256u << 10)

static ssize_t send_piece(struct cop_stream *stream, int file, off_t *offset, size_t size)
{
    struct sigpipe hold;
    ssize_t n;

    sigpipe_hold(&hold);
    n = sendfile(stream->io.fd, file, offset, size);
    sigpipe_release(&hold);
    return n < 0 ? -errno : n;
}

/* Have the next piece in memory, so that sending it does not wait for a disk. The stream is not to
 * be written meanwhile, and may be closed. Returns 0 or -errno. */
static int prepare(struct cop_stream *stream, int file, off_t offset, size_t size)
{
    int rc;

    if (page_cache_holds(file, offset, size))
        return 0;
    stream->filling = true;
    rc = page_cache_fill(file, offset, size);
    stream->filling = false;
    if (rc == 0 && stream->io.fd < 0)
        rc = -EBADF;
    return rc;
}

/* The next piece: one that is prepared, or not worth it. Returns its size, or -errno. */
static ssize_t next_piece(struct cop_stream *stream, int file, off_t offset, size_t size,
                          off_t *prepared)
{
    size_t most = stream->blocking ? PIECE_MAX_BLOCKING : PIECE_MAX;
    size_t piece = size < most ? size : most;
    int rc;

    if (stream->blocking)
        return (ssize_t)piece;
    if (offset < *prepared)
        return *prepared - offset;
    rc = prepare(stream, file, offset, piece);
    *prepared = offset + (off_t)piece;
    return rc < 0 ? rc : (ssize_t)piece;
}

static int send_all(struct cop_stream *stream, int file, off_t offset, size_t size, bool in_kernel)
{
    cop_time deadline = COP_NEVER;
    off_t prepared = offset;

    while (size > 0) {
        ssize_t n = next_piece(stream, file, offset, size, &prepared);
        int rc;

        if (n < 0)
            return (int)n;
        n = send_piece(stream, file, &offset, (size_t)n);
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
    return sched_keep_fair(sched_current(), rc);
}
