/* SPDX-License-Identifier: MIT */
/*
 * fuzz_report.c - any bytes in a worker's report pipe: the collector takes records or refuses, and
 * totals never go back. Checksums are put right first, so that the payloads are reached.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "common/check.h"
#include "common/crc32.h"
#include "master/collector.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Copy one record's worth of input into *report, signed. Returns how much of the input was used. */
static size_t forge(const uint8_t *data, size_t size, struct report *report)
{
    struct report_header *header = &report->header;
    size_t len;

    memcpy(header, data, sizeof(*header));
    len = header->length % (REPORT_PAYLOAD_MAX + 1);
    if (len > size - sizeof(*header))
        len = size - sizeof(*header);
    header->length = (uint16_t)len;
    memcpy(report->payload, data + sizeof(*header), len);
    header->crc = 0;
    header->crc = crc32_add(0, report, sizeof(*header) + len);
    return sizeof(*header) + len;
}

static int feed(struct collected *collected, int fd, const uint8_t *data, size_t size)
{
    struct report report;
    int rc = 0;

    while (rc == 0 && size >= sizeof(report.header)) {
        uint64_t before = collector_get(collected, METRIC_requests);
        size_t used = forge(data, size, &report);

        CHECK(write(fd, &report, used) == (ssize_t)used);
        rc = collector_read(collected);
        CHECK(rc == 0 || rc == -EBADMSG);
        CHECK(collector_get(collected, METRIC_requests) >= before);
        data += used;
        size -= used;
    }
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct metrics *retired = metrics_new();
    struct collected collected;
    int fds[2];

    CHECK(retired != NULL && pipe2(fds, O_NONBLOCK | O_CLOEXEC) == 0);
    CHECK(collector_init(&collected, 2, 1) == 0);
    collector_attach(&collected, fds[0]);
    if (feed(&collected, fds[1], data, size) == 0 && size > 0)
        (void)!write(fds[1], data, size < 4096 ? size : 4096);
    collector_retire(&collected, retired);
    collector_fini(&collected);
    metrics_free(retired);
    close(fds[0]);
    close(fds[1]);
    return 0;
}
