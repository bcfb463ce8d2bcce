/* SPDX-License-Identifier: MIT */
#include "worker/stream/writer.h"

#include <errno.h>
#include <string.h>

#include "worker/task/sched.h"

int cop_writer_init(struct cop_writer *writer, struct cop_stream *stream, char *buffer, size_t high,
                    size_t low)
{
    if (low >= high)
        return -EINVAL;
    *writer = (struct cop_writer){.stream = stream, .buffer = buffer, .high = high, .low = low};
    return 0;
}

static size_t held(const struct cop_writer *writer)
{
    return writer->end - writer->start;
}

/* Send until at most `mark` bytes are held. */
static int lower_to(struct cop_writer *writer, size_t mark)
{
    while (held(writer) > mark) {
        ssize_t n = cop_write_some(writer->stream, writer->buffer + writer->start, held(writer));

        if (n < 0)
            return (int)n;
        writer->start += (size_t)n;
    }
    return 0;
}

static void append(struct cop_writer *writer, const void *buffer, size_t size)
{
    if (writer->high - writer->end < size) {
        memmove(writer->buffer, writer->buffer + writer->start, held(writer));
        writer->end = held(writer);
        writer->start = 0;
    }
    memcpy(writer->buffer + writer->end, buffer, size);
    writer->end += size;
}

int cop_writer_write(struct cop_writer *writer, const void *buffer, size_t size)
{
    bool fits = size <= writer->high - writer->low;
    int rc = 0;

    if (size == 0)
        return 0;
    if (!fits)
        rc = lower_to(writer, 0);
    else if (held(writer) + size > writer->high)
        rc = lower_to(writer, writer->low);
    if (rc < 0)
        return rc;
    if (!fits)
        return cop_write(writer->stream, buffer, size);
    append(writer, buffer, size);
    return sched_keep_fair(sched_current(), 0);
}

int cop_writer_flush(struct cop_writer *writer)
{
    return lower_to(writer, 0);
}
