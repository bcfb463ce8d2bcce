/* SPDX-License-Identifier: MIT */
#include "common/report.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/crc32.h"
#include "tests/unit/suite.h"

static int pipe_fds[2];
static struct report_writer writer;
static struct report_reader reader;
static struct metrics *sent, *received;

static void setup(void)
{
    ck_assert_int_eq(pipe2(pipe_fds, O_NONBLOCK | O_CLOEXEC), 0);
    writer = (struct report_writer){.fd = pipe_fds[1], .loop = 3, .generation = 7};
    report_reader_init(&reader, pipe_fds[0]);
    sent = metrics_new();
    received = metrics_new();
    ck_assert(sent != NULL && received != NULL);
}

static void teardown(void)
{
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    metrics_free(sent);
    metrics_free(received);
}

/* Take the bytes of one record out of the pipe. */
static size_t take_bytes(unsigned char *bytes)
{
    ssize_t n = read(pipe_fds[0], bytes, PIPE_BUF);

    ck_assert_int_ge(n, (ssize_t)sizeof(struct report_header));
    return (size_t)n;
}

static void put_bytes(const void *bytes, size_t len)
{
    ck_assert_int_eq(write(pipe_fds[1], bytes, len), (ssize_t)len);
}

/* Give damaged bytes a checksum that holds again. */
static void sign(unsigned char *bytes, size_t len)
{
    struct report_header header;

    memcpy(&header, bytes, sizeof(header));
    header.crc = 0;
    memcpy(bytes, &header, sizeof(header));
    header.crc = crc32_add(0, bytes, len);
    memcpy(bytes, &header, sizeof(header));
}

static unsigned apply_all(void)
{
    struct report report;
    unsigned n = 0;
    int rc;

    while ((rc = report_read(&reader, &report)) == 1) {
        ck_assert_int_eq(report_apply(&report, received), 0);
        n++;
    }
    ck_assert_int_eq(rc, 0);
    return n;
}

START_TEST(crc32_is_the_one_of_zlib)
{
    ck_assert_uint_eq(crc32_add(0, "123456789", 9), 0xCBF43926u);
    ck_assert_uint_eq(crc32_add(crc32_add(0, "1234", 4), "56789", 5), 0xCBF43926u);
}
END_TEST

START_TEST(report_comes_out_as_it_went_in)
{
    struct report report;

    ck_assert_int_eq(report_read(&reader, &report), 0);
    ck_assert_int_eq(report_send_hello(&writer), 0);
    ck_assert_int_eq(report_send_ready(&writer, "/"), 0);
    ck_assert_int_eq(report_send_fatal(&writer, "no such app"), 0);
    ck_assert_int_eq(report_send_bye(&writer), 0);
    for (uint32_t i = 0; i < 4; i++) {
        static const uint8_t types[] = {REPORT_HELLO, REPORT_READY, REPORT_FATAL, REPORT_BYE};

        ck_assert_int_eq(report_read(&reader, &report), 1);
        ck_assert_uint_eq(report.header.type, types[i]);
        ck_assert_uint_eq(report.header.sequence, i);
        ck_assert_uint_eq(report.header.loop, 3);
        ck_assert_uint_eq(report.header.generation, 7);
        ck_assert_int_gt(report.header.time_ns, 0);
        if (types[i] == REPORT_FATAL)
            ck_assert_mem_eq(report.payload, "no such app", report.header.length);
    }
    ck_assert_int_eq(report_read(&reader, &report), 0);
    close(pipe_fds[1]);
    ck_assert_int_eq(report_read(&reader, &report), -EPIPE);
    pipe_fds[1] = -1;
}
END_TEST

START_TEST(long_fatal_text_is_cut_to_one_record)
{
    char *text = malloc(3 * PIPE_BUF);
    struct report report;

    memset(text, 'x', 3 * PIPE_BUF);
    text[3 * PIPE_BUF - 1] = 0;
    ck_assert_int_eq(report_send_fatal(&writer, text), 0);
    ck_assert_int_eq(report_read(&reader, &report), 1);
    ck_assert_uint_eq(report.header.length, REPORT_PAYLOAD_MAX);
    free(text);
}
END_TEST

START_TEST(every_metric_and_bucket_arrives_over_several_records)
{
    for (unsigned i = 0; i < METRIC_COUNT; i++)
        metric_set(sent, i, UINT64_C(1) << 40 | i);
    for (unsigned i = 0; i < HISTOGRAM_COUNT; i++)
        for (unsigned j = i; j < HISTOGRAM_BUCKETS; j += 3)
            histogram_record_n(&sent->histogram[i], histogram_bucket_low_ns(j), j + 1);
    metric_set(sent, METRIC_reports_sent, 5);
    ck_assert_int_eq(report_send_metrics(&writer, sent), 0);
    ck_assert_uint_gt(apply_all(), 1 + HISTOGRAM_COUNT);
    ck_assert_uint_gt(metric_get(sent, METRIC_reports_sent), 5);
    metric_set(sent, METRIC_reports_sent, 5);
    ck_assert_mem_eq(received, sent, sizeof(*sent));
}
END_TEST

START_TEST(applying_twice_or_late_changes_nothing)
{
    unsigned char early[PIPE_BUF];
    size_t len;

    METRIC_ADD(requests, 10);
    metric_set(sent, METRIC_connections, 4);
    ck_assert_int_eq(report_send_metrics(&writer, sent), 0);
    len = take_bytes(early);
    put_bytes(early, len);
    put_bytes(early, len);
    ck_assert_uint_eq(apply_all(), 2);
    ck_assert_uint_eq(metric_get(received, METRIC_requests), 10);

    METRIC_ADD(requests, 5);
    metric_set(sent, METRIC_connections, 1);
    ck_assert_int_eq(report_send_metrics(&writer, sent), 0);
    apply_all();
    ck_assert_uint_eq(metric_get(received, METRIC_requests), 15);
    ck_assert_uint_eq(metric_get(received, METRIC_connections), 1);
    put_bytes(early, len);
    apply_all();
    ck_assert_uint_eq(metric_get(received, METRIC_requests), 15);
}
END_TEST

START_TEST(idle_histograms_cost_no_record)
{
    ck_assert_int_eq(report_send_metrics(&writer, sent), 0);
    ck_assert_uint_eq(apply_all(), 1);
}
END_TEST

START_TEST(full_pipe_drops_whole_records_and_counts_them)
{
    struct report report;
    int before, after, rc;

    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
        histogram_record(&sent->histogram[0], histogram_bucket_low_ns(i));
    while ((rc = report_send_metrics(&writer, sent)) == 0)
        continue;
    ck_assert_int_eq(rc, -EAGAIN);
    ck_assert_uint_eq(metric_get(sent, METRIC_reports_dropped), 1);
    ck_assert_int_eq(ioctl(pipe_fds[0], FIONREAD, &before), 0);
    for (int i = 0; i < 10; i++) {
        char text[REPORT_PAYLOAD_MAX + 1];

        memset(text, 'y', REPORT_PAYLOAD_MAX);
        text[REPORT_PAYLOAD_MAX] = 0;
        ck_assert_int_eq(report_send_fatal(&writer, text), -EAGAIN);
    }
    ck_assert_int_eq(ioctl(pipe_fds[0], FIONREAD, &after), 0);
    ck_assert_int_eq(before, after);
    while ((rc = report_read(&reader, &report)) == 1)
        ck_assert_int_eq(report_apply(&report, received), 0);
    ck_assert_int_eq(rc, 0);

    /* What was dropped comes with the next report, because values are cumulative. */
    ck_assert_int_eq(report_send_metrics(&writer, sent), 0);
    apply_all();
    ck_assert_uint_eq(metric_get(received, METRIC_reports_dropped), 1);
    ck_assert_mem_eq(&received->histogram[0], &sent->histogram[0], sizeof(sent->histogram[0]));
}
END_TEST

START_TEST(sending_to_a_closed_pipe_is_epipe)
{
    signal(SIGPIPE, SIG_IGN);
    close(pipe_fds[0]);
    pipe_fds[0] = -1;
    ck_assert_int_eq(report_send_hello(&writer), -EPIPE);
}
END_TEST

START_TEST(short_tail_at_the_end_is_dropped)
{
    unsigned char bytes[PIPE_BUF];
    struct report report;
    size_t len;

    ck_assert_int_eq(report_send_metrics(&writer, sent), 0);
    len = take_bytes(bytes);
    put_bytes(bytes, len);
    put_bytes(bytes, len - 1);
    close(pipe_fds[1]);
    pipe_fds[1] = -1;
    ck_assert_int_eq(report_read(&reader, &report), 1);
    ck_assert_int_eq(report_read(&reader, &report), -EPIPE);
}
END_TEST

START_TEST(record_in_pieces_waits_for_the_last)
{
    unsigned char bytes[PIPE_BUF];
    struct report report;
    size_t len;

    ck_assert_int_eq(report_send_metrics(&writer, sent), 0);
    len = take_bytes(bytes);
    for (size_t i = 0; i < len; i++) {
        ck_assert_int_eq(report_read(&reader, &report), 0);
        put_bytes(bytes + i, 1);
    }
    ck_assert_int_eq(report_read(&reader, &report), 1);
    ck_assert_int_eq(report_apply(&report, received), 0);
}
END_TEST

/* _i: the byte of the record to damage. Without a new checksum no damage passes. */
START_TEST(any_damaged_byte_is_no_record)
{
    unsigned char bytes[PIPE_BUF];
    struct report report;
    size_t len;
    int rc;

    ck_assert_int_eq(report_send_metrics(&writer, sent), 0);
    len = take_bytes(bytes);
    bytes[_i] ^= 0x5A;
    put_bytes(bytes, len);
    rc = report_read(&reader, &report);
    if (rc == 0) {
        /* A longer length waits for more; whatever comes, the checksum fails. */
        static const unsigned char zeros[PIPE_BUF];

        put_bytes(zeros, sizeof(zeros));
        rc = report_read(&reader, &report);
    }
    ck_assert_int_eq(rc, -EBADMSG);
    ck_assert_int_eq(report_read(&reader, &report), -EBADMSG);
}
END_TEST

START_TEST(header_out_of_range_is_no_record_even_with_a_checksum)
{
    struct report_header good = {
        .magic = REPORT_MAGIC, .version = REPORT_VERSION, .type = REPORT_BYE};
    struct report_header bad[] = {good, good, good, good, good, good};
    struct report report;

    bad[0].magic++;
    bad[1].version++;
    bad[2].type = 0;
    bad[3].type = REPORT_FATAL + 1;
    bad[4].reserved = 1;
    bad[5].length = REPORT_PAYLOAD_MAX + 1;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        report_reader_init(&reader, pipe_fds[0]);
        sign((unsigned char *)&bad[i], sizeof(bad[i]));
        put_bytes(&bad[i], sizeof(bad[i]));
        ck_assert_int_eq(report_read(&reader, &report), -EBADMSG);
    }
    report_reader_init(&reader, pipe_fds[0]);
    sign((unsigned char *)&good, sizeof(good));
    put_bytes(&good, sizeof(good));
    ck_assert_int_eq(report_read(&reader, &report), 1);
}
END_TEST

/* Random damage under a valid checksum: report_apply takes it or leaves the metrics alone, and
 * never strays. */
START_TEST(payload_fuzzed_under_a_valid_checksum_is_applied_whole_or_not)
{
    static struct metrics before;
    unsigned char bytes[PIPE_BUF];

    srandom((unsigned)_i);
    for (unsigned i = 0; i < 200; i++)
        histogram_record(&sent->histogram[1], random());
    ck_assert_int_eq(report_send_metrics(&writer, sent), 0);
    for (int round = 0; round < 2; round++) {
        struct report report;
        size_t len;

        ck_assert_int_eq(report_read(&reader, &report), 1);
        len = sizeof(report.header) + report.header.length;
        memcpy(bytes, &report, len);
        for (int n = 0; n < 100; n++) {
            memcpy(&report, bytes, len);
            for (int k = 0; k < 3; k++)
                report.payload[random() % 64] = (unsigned char)random();
            if (n % 3 == 0)
                report.header.length = (uint16_t)(random() % (REPORT_PAYLOAD_MAX + 1));
            memcpy(&before, received, sizeof(before));
            if (report_apply(&report, received) < 0)
                ck_assert_mem_eq(&before, received, sizeof(before));
        }
    }
}
END_TEST

static void setup_here(void)
{
    setup();
    metrics_here = sent;
}

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup_here, teardown);
    tcase_add_test(tc, crc32_is_the_one_of_zlib);
    tcase_add_test(tc, report_comes_out_as_it_went_in);
    tcase_add_test(tc, long_fatal_text_is_cut_to_one_record);
    tcase_add_test(tc, every_metric_and_bucket_arrives_over_several_records);
    tcase_add_test(tc, applying_twice_or_late_changes_nothing);
    tcase_add_test(tc, idle_histograms_cost_no_record);
    tcase_add_test(tc, full_pipe_drops_whole_records_and_counts_them);
    tcase_add_test(tc, sending_to_a_closed_pipe_is_epipe);
    tcase_add_test(tc, short_tail_at_the_end_is_dropped);
    tcase_add_test(tc, record_in_pieces_waits_for_the_last);
    tcase_add_loop_test(tc, any_damaged_byte_is_no_record, 0, 64);
    tcase_add_test(tc, header_out_of_range_is_no_record_even_with_a_checksum);
    tcase_add_loop_test(tc, payload_fuzzed_under_a_valid_checksum_is_applied_whole_or_not, 0, 20);
}

int main(void)
{
    return run_suite("report", add);
}
