/* SPDX-License-Identifier: MIT */
/*
 * reader.h - reads that look ahead: lines, frames, anything that ends with a mark. The buffer is
 * the caller's and bounds what a peer can make us hold.
 *
 *     char buffer[4096], *line;
 *     struct cop_reader reader;
 *     cop_reader_init(&reader, stream, buffer, sizeof(buffer));
 *     while ((n = cop_reader_read_until(&reader, "\n", 1, &line)) > 0)
 *         ...
 */
#ifndef COPPICE_READER_H
#define COPPICE_READER_H

#include "worker/stream/stream.h"

struct cop_reader {
    struct cop_stream *stream;
    char *buffer;
    size_t size;
    size_t start; /* what was received and not handed out: [start, end) */
    size_t end;
};

/* Read from the stream through buffer[size] from now on. Both outlive the reader, which needs no
 * end. */
COP_PUBLIC void cop_reader_init(struct cop_reader *reader, struct cop_stream *stream, char *buffer,
                                size_t size);

/* As cop_read: what is held, else what comes. */
COP_PUBLIC COP_MUST ssize_t cop_reader_read(struct cop_reader *reader, void *buffer, size_t size);

/* As cop_read_exactly, for any size, also one that the reader's buffer has no room for: so what had
 * come before an error is in `buffer`, and used up. */
COP_PUBLIC COP_MUST int cop_reader_read_exactly(struct cop_reader *reader, void *buffer,
                                                size_t size);

/* As cop_read_exactly_from: *len says after an error how much of `buffer` there is, and after
 * -ETIMEDOUT or -ECANCELED the same call goes on. */
COP_PUBLIC COP_MUST int cop_reader_read_exactly_from(struct cop_reader *reader, void *buffer,
                                                     size_t size, size_t *len);

/* Wait for the mark, mark_len bytes. Returns the length of what comes up to and with it, at *found
 * in the buffer, where it stays until the next call. Nothing is used up by an error: -ENODATA when
 * the stream ended before, -EMSGSIZE when the buffer is full without a mark, -EINVAL for an empty
 * mark or one that is longer than the buffer, or as cop_read; what is held can be read otherwise,
 * and after -ETIMEDOUT or -ECANCELED the same call may be made again. */
COP_PUBLIC COP_MUST ssize_t cop_reader_read_until(struct cop_reader *reader, const void *mark,
                                                  size_t mark_len, char **found);

#endif
