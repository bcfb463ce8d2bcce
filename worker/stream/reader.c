/* SPDX-License-Identifier: MIT */
#include "worker/stream/reader.h"

#include <errno.h>
#include <string.h>

#include "worker/task/sched.h"

void cop_reader_init(struct cop_reader *reader, struct cop_stream *stream, char *buffer,
                     size_t size)
{
    *reader = (struct cop_reader){.stream = stream, .buffer = buffer, .size = size};
}

static size_t held(const struct cop_reader *reader)
{
    return reader->end - reader->start;
}

static size_t take(struct cop_reader *reader, void *buffer, size_t size)
{
    size_t n = held(reader) < size ? held(reader) : size;

    if (n > 0)
        memcpy(buffer, reader->buffer + reader->start, n);
    reader->start += n;
    return n;
}

ssize_t cop_reader_read(struct cop_reader *reader, void *buffer, size_t size)
{
    size_t n = take(reader, buffer, size);

    if (n == 0)
        return cop_read(reader->stream, buffer, size);
    (void)sched_keep_fair(sched_current(), 0);
    return (ssize_t)n;
}

int cop_reader_read_exactly(struct cop_reader *reader, void *buffer, size_t size)
{
    size_t len = 0;

    return cop_reader_read_exactly_from(reader, buffer, size, &len);
}

int cop_reader_read_exactly_from(struct cop_reader *reader, void *buffer, size_t size, size_t *len)
{
    if (*len < size)
        *len += take(reader, (char *)buffer + *len, size - *len);
    if (*len >= size)
        return sched_keep_fair(sched_current(), 0);
    return cop_read_exactly_from(reader->stream, buffer, size, len);
}

/* Receive more behind what is held. Returns the number, 0 at the end, or -errno. */
static ssize_t fill(struct cop_reader *reader)
{
    ssize_t n;

    if (reader->end == reader->size) {
        if (reader->start == 0)
            return -EMSGSIZE;
        memmove(reader->buffer, reader->buffer + reader->start, held(reader));
        reader->end = held(reader);
        reader->start = 0;
    }
    n = cop_read(reader->stream, reader->buffer + reader->end, reader->size - reader->end);
    if (n > 0)
        reader->end += (size_t)n;
    return n;
}

ssize_t cop_reader_read_until(struct cop_reader *reader, const void *mark, size_t mark_len,
                              char **found)
{
    size_t searched = 0; /* of what is held; a mark can only begin behind it */

    if (mark_len == 0 || mark_len > reader->size)
        return -EINVAL;
    for (;;) {
        char *start = reader->buffer + reader->start;
        char *at = memmem(start + searched, held(reader) - searched, mark, mark_len);
        ssize_t n;

        if (at) {
            *found = start;
            reader->start += (size_t)(at - start) + mark_len;
            (void)sched_keep_fair(sched_current(), 0);
            return at - start + (ssize_t)mark_len;
        }
        searched = held(reader) < mark_len ? 0 : held(reader) - mark_len + 1;
        n = fill(reader);
        if (n <= 0)
            return n == 0 ? -ENODATA : n;
    }
}
