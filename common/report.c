/* SPDX-License-Identifier: MIT */
/*
 * STATS carries every value of the metrics table in its order. HISTOGRAM carries the histogram's
 * number, its sum and only the buckets that were used, each in 8 bytes: the bucket's number above,
 * its count in the low 48 bits.
 */
#include "common/report.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/crc32.h"

#define COUNT_BITS 48
#define COUNT_MAX  ((UINT64_C(1) << COUNT_BITS) - 1)

struct histogram_payload {
    uint32_t histogram;
    uint32_t nbuckets;
    uint64_t sum_ns;
    uint64_t bucket[];
};

#define BUCKETS_MAX ((REPORT_PAYLOAD_MAX - sizeof(struct histogram_payload)) / sizeof(uint64_t))

_Static_assert(sizeof(struct report_header) == 32, "no padding on the wire");
_Static_assert(METRIC_COUNT * sizeof(uint64_t) <= REPORT_PAYLOAD_MAX, "all metrics in one record");
_Static_assert(HISTOGRAM_BUCKETS <= 1 << 16, "a bucket's number has 16 bits");

/* Room for a histogram's payload, aligned for its words. */
union histogram_record {
    struct histogram_payload payload;
    unsigned char bytes[REPORT_PAYLOAD_MAX];
};

/* ---- sending ---- */

static uint32_t checksum(const struct report *report)
{
    struct report_header header = report->header;

    header.crc = 0;
    return crc32_add(crc32_add(0, &header, sizeof(header)), report->payload, header.length);
}

static int send_record(struct report_writer *writer, enum report_type type, const void *payload,
                       size_t len)
{
    struct report report = {
        .header = {.magic = REPORT_MAGIC,
                   .version = REPORT_VERSION,
                   .type = (uint8_t)type,
                   .length = (uint16_t)len,
                   .generation = writer->generation,
                   .sequence = writer->sequence,
                   .loop = writer->loop,
                   .time_ns = clock_now()},
    };
    size_t size = sizeof(report.header) + len;
    ssize_t n;

    if (len > 0)
        memcpy(report.payload, payload, len);
    report.header.crc = checksum(&report);
    do
        n = write(writer->fd, &report, size);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return -errno;
    if (n != (ssize_t)size)
        return -EIO;
    writer->sequence++;
    return 0;
}

int report_send_hello(struct report_writer *writer)
{
    return send_record(writer, REPORT_HELLO, NULL, 0);
}

int report_send_ready(struct report_writer *writer, const char *example)
{
    return send_record(writer, REPORT_READY, example, strnlen(example, REPORT_PAYLOAD_MAX));
}

int report_send_bye(struct report_writer *writer)
{
    return send_record(writer, REPORT_BYE, NULL, 0);
}

int report_send_fatal(struct report_writer *writer, const char *text)
{
    return send_record(writer, REPORT_FATAL, text, strnlen(text, REPORT_PAYLOAD_MAX));
}

static int send_counted(struct report_writer *writer, struct metrics *metrics,
                        enum report_type type, const void *payload, size_t len)
{
    int rc = send_record(writer, type, payload, len);

    if (rc == 0)
        metric_add(metrics, METRIC_reports_sent, 1);
    else if (rc == -EAGAIN)
        metric_add(metrics, METRIC_reports_dropped, 1);
    return rc;
}

static int send_buckets(struct report_writer *writer, struct metrics *metrics,
                        const union histogram_record *record)
{
    size_t len = sizeof(record->payload) + record->payload.nbuckets * sizeof(uint64_t);

    return send_counted(writer, metrics, REPORT_HISTOGRAM, record, len);
}

static int send_histogram(struct report_writer *writer, struct metrics *metrics, unsigned id)
{
    const struct histogram *histogram = &metrics->histogram[id];
    union histogram_record record = {.payload = {.histogram = id}};
    struct histogram_payload *payload = &record.payload;

    payload->sum_ns = atomic_load_explicit(&histogram->sum_ns, memory_order_relaxed);
    for (uint64_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        uint64_t n = atomic_load_explicit(&histogram->count[i], memory_order_relaxed);

        if (n == 0)
            continue;
        if (payload->nbuckets == BUCKETS_MAX) {
            int rc = send_buckets(writer, metrics, &record);

            if (rc < 0)
                return rc;
            payload->nbuckets = 0;
        }
        payload->bucket[payload->nbuckets++] = i << COUNT_BITS | (n < COUNT_MAX ? n : COUNT_MAX);
    }
    return payload->nbuckets > 0 ? send_buckets(writer, metrics, &record) : 0;
}

int report_send_metrics(struct report_writer *writer, struct metrics *metrics)
{
    uint64_t values[METRIC_COUNT];
    int rc;

    for (unsigned i = 0; i < METRIC_COUNT; i++)
        values[i] = metric_get(metrics, i);
    rc = send_counted(writer, metrics, REPORT_STATS, values, sizeof(values));
    for (unsigned i = 0; rc == 0 && i < HISTOGRAM_COUNT; i++)
        rc = send_histogram(writer, metrics, i);
    return rc;
}

/* ---- receiving ---- */

void report_reader_init(struct report_reader *reader, int fd)
{
    reader->fd = fd;
    reader->len = 0;
}

static bool header_is_valid(const struct report_header *header)
{
    return header->magic == REPORT_MAGIC && header->version == REPORT_VERSION &&
           header->type >= REPORT_HELLO && header->type <= REPORT_FATAL && header->reserved == 0 &&
           header->length <= REPORT_PAYLOAD_MAX;
}

/* As report_read, from the buffer alone. */
static int take_record(struct report_reader *reader, struct report *report)
{
    struct report_header header;
    size_t size;

    if (reader->len < sizeof(header))
        return 0;
    memcpy(&header, reader->buffer, sizeof(header));
    if (!header_is_valid(&header))
        return -EBADMSG;
    size = sizeof(header) + header.length;
    if (reader->len < size)
        return 0;
    memcpy(report, reader->buffer, size);
    if (checksum(report) != header.crc)
        return -EBADMSG;
    memmove(reader->buffer, reader->buffer + size, reader->len - size);
    reader->len -= size;
    return 1;
}

int report_read(struct report_reader *reader, struct report *report)
{
    ssize_t n;
    int rc = take_record(reader, report);

    if (rc != 0)
        return rc;
    do
        n = read(reader->fd, reader->buffer + reader->len, sizeof(reader->buffer) - reader->len);
    while (n < 0 && errno == EINTR);
    if (n == 0)
        return -EPIPE;
    if (n < 0)
        return errno == EAGAIN ? 0 : -errno;
    reader->len += (size_t)n;
    return take_record(reader, report);
}

static void raise_to(_Atomic uint64_t *value, uint64_t to)
{
    if (to > atomic_load_explicit(value, memory_order_relaxed))
        atomic_store_explicit(value, to, memory_order_relaxed);
}

static int apply_stats(const struct report *report, struct metrics *metrics)
{
    uint64_t values[METRIC_COUNT];

    if (report->header.length != sizeof(values))
        return -EBADMSG;
    memcpy(values, report->payload, sizeof(values));
    for (unsigned i = 0; i < METRIC_COUNT; i++) {
        if (metric_infos[i].kind == METRIC_KIND_COUNTER)
            raise_to(&metrics->value[i], values[i]);
        else
            metric_set(metrics, i, values[i]);
    }
    return 0;
}

static int apply_histogram(const struct report *report, struct metrics *metrics)
{
    union histogram_record record;
    const struct histogram_payload *payload = &record.payload;
    struct histogram *histogram;
    size_t len = report->header.length;

    if (len < sizeof(*payload))
        return -EBADMSG;
    memcpy(&record, report->payload, len);
    if (payload->histogram >= HISTOGRAM_COUNT || payload->nbuckets > BUCKETS_MAX ||
        len != sizeof(*payload) + payload->nbuckets * sizeof(uint64_t))
        return -EBADMSG;
    for (unsigned i = 0; i < payload->nbuckets; i++)
        if (payload->bucket[i] >> COUNT_BITS >= HISTOGRAM_BUCKETS)
            return -EBADMSG;
    histogram = &metrics->histogram[payload->histogram];
    raise_to(&histogram->sum_ns, payload->sum_ns);
    for (unsigned i = 0; i < payload->nbuckets; i++)
        raise_to(&histogram->count[payload->bucket[i] >> COUNT_BITS],
                 payload->bucket[i] & COUNT_MAX);
    return 0;
}

int report_apply(const struct report *report, struct metrics *metrics)
{
    switch (report->header.type) {
    case REPORT_STATS:
        return apply_stats(report, metrics);
    case REPORT_HISTOGRAM:
        return apply_histogram(report, metrics);
    default:
        return -EBADMSG;
    }
}
