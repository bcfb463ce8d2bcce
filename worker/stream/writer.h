/* SPDX-License-Identifier: MIT */
/*
 * writer.h - many small writes, few system calls. Bytes gather in the caller's buffer; above the
 * high-water mark a write waits until the kernel has taken all but the low-water mark, so that
 * waiting for the peer cannot be forgotten. What is held is sent by cop_writer_flush alone: call it
 * before waiting for an answer.
 */
#ifndef COPPICE_WRITER_H
#define COPPICE_WRITER_H

#include "worker/stream/stream.h"

struct cop_writer {
    struct cop_stream *stream;
    char *buffer;
    size_t high;
    size_t low;
    size_t start; /* what was written and not sent: [start, end) */
    size_t end;
};

/* Write to the stream through buffer[high] from now on; both outlive the writer. low = 0 is a good
 * choice. Returns 0, or -EINVAL unless low < high. */
COP_PUBLIC int cop_writer_init(struct cop_writer *writer, struct cop_stream *stream, char *buffer,
                               size_t high, size_t low);

/* Copy size bytes; waits where that would pass the high-water mark. More than high - low of them go
 * to the stream straight from the caller's memory, behind what is held. Returns 0 or an error of
 * cop_write; then none of these bytes was taken, but of the many that went straight perhaps a part.
 * What was written before and not sent is still held. */
COP_PUBLIC COP_MUST int cop_writer_write(struct cop_writer *writer, const void *buffer,
                                         size_t size);

/* Send all that is held. Waits. Returns 0 or an error of cop_write; what was not sent is still
 * held.
 */
COP_PUBLIC COP_MUST int cop_writer_flush(struct cop_writer *writer);

#endif
