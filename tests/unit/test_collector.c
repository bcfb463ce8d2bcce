/* SPDX-License-Identifier: MIT */
#include "master/collector.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/unit/suite.h"

static struct collected collected;
static struct report_writer writers[2];
static struct metrics *shared[2], *retired;
static int fds[2];

static void setup(void)
{
    ck_assert_int_eq(pipe2(fds, O_NONBLOCK), 0);
    ck_assert_int_eq(collector_init(&collected, 2, 5), 0);
    collector_attach(&collected, fds[0]);
    collector_shared(&collected, shared);
    retired = metrics_new();
    for (uint16_t i = 0; i < 2; i++)
        writers[i] = (struct report_writer){.fd = fds[1], .loop = i, .generation = 5};
}

static void teardown(void)
{
    collector_fini(&collected);
    metrics_free(retired);
    close(fds[0]);
    close(fds[1]);
}

static void count(unsigned loop, uint64_t n)
{
    metric_add(shared[loop], METRIC_requests, n);
    metric_add(shared[loop], METRIC_connections, n);
    histogram_record_n(&shared[loop]->histogram[HISTOGRAM_request_duration], NS_PER_MS, n);
}

START_TEST(loops_of_a_worker_are_added)
{
    count(0, 3);
    count(1, 4);
    ck_assert_int_eq(report_send_metrics(&writers[0], shared[0]), 0);
    ck_assert_uint_eq(collector_get(&collected, METRIC_requests), 0);
    ck_assert_int_eq(collector_read(&collected), 0);
    ck_assert_uint_eq(collector_get(&collected, METRIC_requests), 3);
    ck_assert_int_eq(report_send_metrics(&writers[1], shared[1]), 0);
    ck_assert_int_eq(collector_read(&collected), 0);
    ck_assert_uint_eq(collector_get(&collected, METRIC_requests), 7);
    collector_add(&collected, retired);
    ck_assert_uint_eq(histogram_total(&retired->histogram[HISTOGRAM_request_duration]), 7);
}
END_TEST

START_TEST(life_of_a_worker_is_noted)
{
    ck_assert_int_eq(report_send_hello(&writers[0]), 0);
    ck_assert_int_eq(collector_read(&collected), 0);
    ck_assert(!collected.is_ready);
    ck_assert_int_eq(report_send_ready(&writers[0], "/20"), 0);
    ck_assert_int_eq(report_send_bye(&writers[1]), 0);
    ck_assert_int_eq(report_send_fatal(&writers[0], "a sentence"), 0);
    ck_assert_int_eq(collector_read(&collected), 0);
    ck_assert(collected.is_ready);
    ck_assert_str_eq(collected.example, "/20");
    ck_assert_uint_eq(collected.byes, 1);
    ck_assert_str_eq(collected.fatal, "a sentence");
}
END_TEST

START_TEST(record_of_another_generation_or_loop_is_ebadmsg)
{
    writers[0].generation = 4;
    ck_assert_int_eq(report_send_hello(&writers[0]), 0);
    ck_assert_int_eq(collector_read(&collected), -EBADMSG);
    collector_attach(&collected, fds[0]);
    writers[1].loop = 2;
    ck_assert_int_eq(report_send_hello(&writers[1]), 0);
    ck_assert_int_eq(collector_read(&collected), -EBADMSG);
}
END_TEST

START_TEST(retired_has_what_was_reported_and_what_was_only_counted_but_no_gauges)
{
    count(0, 3);
    ck_assert_int_eq(report_send_metrics(&writers[0], shared[0]), 0);
    count(0, 2);
    count(1, 1);
    collector_retire(&collected, retired);
    ck_assert_uint_eq(metric_get(retired, METRIC_requests), 6);
    ck_assert_uint_eq(metric_get(retired, METRIC_connections), 0);
    ck_assert_uint_eq(histogram_total(&retired->histogram[HISTOGRAM_request_duration]), 6);
}
END_TEST

START_TEST(short_tail_and_rubbish_at_death_lose_nothing_before_them)
{
    count(0, 3);
    ck_assert_int_eq(report_send_metrics(&writers[0], shared[0]), 0);
    ck_assert_int_eq(write(fds[1], "rubbish", 7), 7);
    metrics_clear(shared[0]);
    collector_retire(&collected, retired);
    ck_assert_uint_eq(metric_get(retired, METRIC_requests), 3);
}
END_TEST

START_TEST(one_wake_reads_a_bounded_amount)
{
    int before, after;

    fcntl(fds[1], F_SETPIPE_SZ, 1 << 20);
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
        histogram_record(&shared[0]->histogram[0], histogram_bucket_low_ns(i));
    while (report_send_metrics(&writers[0], shared[0]) == 0)
        continue;
    ck_assert_int_eq(ioctl(fds[0], FIONREAD, &before), 0);
    ck_assert_int_eq(collector_read(&collected), 0);
    ck_assert_int_eq(ioctl(fds[0], FIONREAD, &after), 0);
    ck_assert_int_gt(after, 0);
    ck_assert_int_le(before - after, 96 * 1024);
}
END_TEST

START_TEST(rate_is_taken_by_the_clock_of_the_reports)
{
    int64_t now = clock_now();

    for (uint64_t i = 0; i < 9; i++)
        collected.loops[0].samples[i % COLLECTED_SAMPLES] = (struct sample){
            .time_ns = now + (int64_t)i * NS_PER_S, .value[METRIC_requests] = 100 * i};
    collected.loops[0].nsamples = 9;
    now += 8 * NS_PER_S;
    ck_assert_double_eq_tol(collector_rate(&collected, METRIC_requests, now, NS_PER_S), 100, 1e-6);
    ck_assert_double_eq(collector_rate(&collected, METRIC_requests, now + 2 * NS_PER_S, NS_PER_S),
                        0);
}
END_TEST

START_TEST(window_forgets_what_is_older_than_its_oldest_slice)
{
    struct histogram *scratch = malloc(sizeof(*scratch));
    struct histogram *durations = &retired->histogram[HISTOGRAM_request_duration];
    const enum metric_histogram id = HISTOGRAM_request_duration;
    struct window window = {0};

    histogram_record_n(durations, NS_PER_S, 1000);
    ck_assert_int_ge(window_quantile_ns(&window, retired, id, 0.5, scratch), NS_PER_S * 99 / 100);
    for (int i = 0; i < WINDOW_SLICES; i++)
        ck_assert_int_eq(window_push(&window, i, retired), 0);
    histogram_record_n(durations, NS_PER_MS, 10);
    ck_assert_int_le(window_quantile_ns(&window, retired, id, 0.99, scratch),
                     NS_PER_MS * 101 / 100);
    ck_assert_int_gt(window_quantile_ns(&window, retired, id, 0.99, scratch), 0);
    window_fini(&window);
    free(scratch);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, loops_of_a_worker_are_added);
    tcase_add_test(tc, life_of_a_worker_is_noted);
    tcase_add_test(tc, record_of_another_generation_or_loop_is_ebadmsg);
    tcase_add_test(tc, retired_has_what_was_reported_and_what_was_only_counted_but_no_gauges);
    tcase_add_test(tc, short_tail_and_rubbish_at_death_lose_nothing_before_them);
    tcase_add_test(tc, one_wake_reads_a_bounded_amount);
    tcase_add_test(tc, rate_is_taken_by_the_clock_of_the_reports);
    tcase_add_test(tc, window_forgets_what_is_older_than_its_oldest_slice);
}

int main(void)
{
    return run_suite("collector", add);
}
