/* SPDX-License-Identifier: MIT */
/*
 * report.h - the facts that come up a worker's report pipe, one record per write(2).
 *
 * A record is at most PIPE_BUF bytes, so the kernel takes all of it or none (pipe(7)); both ends
 * are O_NONBLOCK. Values are cumulative: a record that finds the pipe full is dropped and counted,
 * and the next one tells the same. Each loop of a worker numbers its own records. A record with a
 * bad magic, length or checksum means that the pipe cannot be trusted any more; nothing is
 * resynchronised.
 */
#ifndef COPPICE_REPORT_H
#define COPPICE_REPORT_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include "common/metrics.h"

#define REPORT_MAGIC   0x43505031u /* "CPP1" */
#define REPORT_VERSION 1

enum report_type {
    REPORT_HELLO = 1, /* the worker lives */
    REPORT_READY,     /* every loop of it accepts; the payload is a path to try it by, or nothing */
    REPORT_STATS,     /* all metrics of one loop */
    REPORT_HISTOGRAM, /* a range of buckets of one histogram of one loop */
    REPORT_BYE,       /* a loop has ended; its last STATS and HISTOGRAM went before */
    REPORT_FATAL,     /* it cannot start; the payload is a sentence */
};

struct report_header {
    uint32_t magic;
    uint8_t version;
    uint8_t type;
    uint16_t length; /* of the payload */
    uint32_t generation;
    uint32_t sequence;
    uint16_t loop;
    uint16_t reserved;
    uint32_t crc; /* CRC-32 of header (with crc 0) and payload */
    int64_t time_ns;
};

#define REPORT_PAYLOAD_MAX (PIPE_BUF - sizeof(struct report_header))

struct report {
    struct report_header header;
    unsigned char payload[REPORT_PAYLOAD_MAX];
};

_Static_assert(sizeof(struct report) <= PIPE_BUF, "a report is one atomic write");

/* The worker's end: one per loop, all of them on the same pipe. */
struct report_writer {
    int fd;
    uint16_t loop;
    uint32_t generation;
    uint32_t sequence;
};

/* Each returns 0, -EAGAIN when the pipe is full, or another -errno: -EPIPE when the master is gone
 * (SIGPIPE is to be ignored). Never waits, and never writes a part of a record. */
int report_send_hello(struct report_writer *writer);
int report_send_ready(struct report_writer *writer, const char *example);
int report_send_fatal(struct report_writer *writer, const char *text);
int report_send_bye(struct report_writer *writer);

/* STATS, then as many HISTOGRAM records as the used buckets need. At the first record that finds no
 * room reports_dropped grows by 1 and the rest waits for the next report: -EAGAIN. */
int report_send_metrics(struct report_writer *writer, struct metrics *metrics);

/* The master's end: bytes in, whole records out. */
struct report_reader {
    int fd;
    size_t len;
    unsigned char buffer[4 * PIPE_BUF];
};

void report_reader_init(struct report_reader *reader, int fd);

/* The next whole record. Returns 1 with *report filled (its payload beyond header.length is not), 0
 * when there is none now, -EPIPE at the end of the pipe (a short tail is dropped), -EBADMSG when
 * what came is no record, then and at every later call. */
int report_read(struct report_reader *reader, struct report *report);

/* Lay a STATS or HISTOGRAM record over the last known metrics of its loop: gauges are replaced,
 * counters and buckets only grow, so applying a record twice or late does no harm. Returns 0, or
 * -EBADMSG with nothing changed. */
int report_apply(const struct report *report, struct metrics *metrics);

#endif
