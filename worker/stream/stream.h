/* SPDX-License-Identifier: MIT */
/*
 * stream.h - bytes in order over a descriptor, with deadlines; waits instead of blocking.
 *
 * Each call tries the system call first and waits only when the kernel has nothing. After a short
 * read the kernel is known to be empty, so the next read waits without asking. One task may read
 * and one may write at a time: a second one gets -EBUSY, and nothing was read or written. In a
 * blocking loop the descriptor is a blocking one and the kernel waits (SO_RCVTIMEO, SO_SNDTIMEO).
 */
#ifndef COPPICE_STREAM_H
#define COPPICE_STREAM_H

#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "common/address.h"
#include "worker/task/io.h"

struct cop_stream {
    struct io io;
    bool blocking;         /* the kernel waits */
    bool drained;          /* the last read found less than it had room for */
    bool counted;          /* bytes count in bytes_in and bytes_out */
    bool fresh;            /* of a connection's serve(): nothing was read yet, see cop_read */
    bool pipe;             /* not a socket: read(2) and write(2) */
    bool silent;           /* nothing was ever read */
    bool filling;          /* a writer waits for a disk */
    uint64_t sent;         /* bytes that the kernel has taken */
    cop_time read_timeout; /* each wait for bytes lasts at most that; COP_NEVER */
    cop_time write_timeout;
    cop_time kernel_read_timeout; /* what SO_RCVTIMEO is set to */
    cop_time kernel_write_timeout;
};

/* Adopt a connected descriptor: non-blocking in a loop of tasks, blocking in a blocking one. No
 * system call. */
COP_PUBLIC void cop_stream_init(struct cop_stream *stream, int fd);

/* The same for an end of a pipe, which is non-blocking in every loop. */
COP_PUBLIC void cop_stream_init_pipe(struct cop_stream *stream, int fd);

/* Close at once; what the kernel still holds is sent. Waiters get -EBADF, before whose return the
 * stream's memory must stay. Harmless twice. */
COP_PUBLIC void cop_stream_close(struct cop_stream *stream);

/* Close so that all that was written arrives: say that no more comes, read and throw away what the
 * peer still sends, at most `bytes` of it and for at most `time` nanoseconds, and close, whatever
 * happens. (Closing with unread input makes the kernel send a reset, and the peer may lose what it
 * had not read.) Waits. Returns 0 when the peer had ended too, -EMSGSIZE, -ETIMEDOUT, -ECANCELED,
 * ... For a pipe it is cop_stream_close. */
COP_PUBLIC int cop_stream_finish(struct cop_stream *stream, size_t bytes, cop_time time);

/* Close with a reset: nothing more is sent. */
COP_PUBLIC void cop_stream_abort(struct cop_stream *stream);

/* Each wait inside a read (a write) may last so long; COP_NEVER for ever. No system call. */
COP_PUBLIC void cop_stream_set_timeouts(struct cop_stream *stream, cop_time read_timeout,
                                        cop_time write_timeout);

/* Up to size bytes, at least one. Waits. Returns the number, 0 at the end, -ETIMEDOUT, -ECANCELED,
 * -ECONNRESET, -EBUSY while another task waits in a read, -EINVAL for a size of 0, which would look
 * like the end, ... The first read of a service's serve() does not wait in a loop of tasks: with
 * nothing there it returns -EAGAIN, and serve returns COP_PARK. */
COP_PUBLIC COP_MUST ssize_t cop_read(struct cop_stream *stream, void *buffer, size_t size);

/* Exactly size bytes. Returns 0, or -ENODATA when the stream ended before, or as cop_read; after an
 * error an unknown part of the buffer is filled, and those bytes are read. */
COP_PUBLIC COP_MUST int cop_read_exactly(struct cop_stream *stream, void *buffer, size_t size);

/* The same behind the *len bytes that the buffer has already; *len grows with what comes. So it
 * says after an error how much there is, and after -ETIMEDOUT or -ECANCELED the same call goes on.
 */
COP_PUBLIC COP_MUST int cop_read_exactly_from(struct cop_stream *stream, void *buffer, size_t size,
                                              size_t *len);

/* Hand all size bytes to the kernel; waits while its buffer is full. Returns 0, -EPIPE, -ETIMEDOUT,
 * -ECANCELED, -EBUSY while another task waits in a write, ...; after the middle three, a part may
 * have been written. */
COP_PUBLIC COP_MUST int cop_write(struct cop_stream *stream, const void *buffer, size_t size);

/* The same for n pieces; the array is used up. */
COP_PUBLIC COP_MUST int cop_writev(struct cop_stream *stream, struct iovec *pieces, int n);

/* Hand the kernel what it takes, at least one byte. Waits while it takes none. Returns the number,
 * -EINVAL for none, or as cop_write, and then nothing was written. */
COP_PUBLIC COP_MUST ssize_t cop_write_some(struct cop_stream *stream, const void *buffer,
                                           size_t size);

/* Say that no more will be written (shutdown(2)). Returns 0 or -errno: -ENOTSOCK for a pipe, which
 * is closed instead. */
COP_PUBLIC int cop_shutdown_write(struct cop_stream *stream);

/* Connect to an address within the caller's deadline; the stream is the caller's to close. Waits.
 * Returns 0 or -errno; then there is nothing to close. */
COP_PUBLIC COP_MUST int cop_connect(struct cop_stream *stream, const struct cop_address *address);

/* For http_server.c. cop_stream_finish of a socket, but for the close. */
int stream_end(struct cop_stream *stream, size_t bytes, cop_time time);

/* For sendfile.c. Every write begins so: may it go on, and does the kernel wait? Returns 0 or the
 * write's -errno. */
int stream_begin_write(struct cop_stream *stream, bool *in_kernel);

/* For sendfile.c. A system call failed with `error`: wait, if that helps. *deadline is COP_NEVER
 * whenever bytes have moved. Returns 0, try again, or the write's -errno. */
int stream_retry_write(struct cop_stream *stream, int error, bool in_kernel, cop_time *deadline);

#endif
