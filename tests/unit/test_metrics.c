/* SPDX-License-Identifier: MIT */
#include "common/metrics.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct metrics *a, *b;

static void setup(void)
{
    a = metrics_new();
    b = metrics_new();
    ck_assert(a != NULL && b != NULL);
}

static void teardown(void)
{
    metrics_free(a);
    metrics_free(b);
}

static void fill(struct metrics *metrics, uint64_t n)
{
    metric_add(metrics, METRIC_requests, n);
    metric_add(metrics, METRIC_connections, n);
    histogram_record_n(&metrics->histogram[HISTOGRAM_request_duration], 5000, n);
}

static uint64_t durations(const struct metrics *metrics)
{
    return histogram_total(&metrics->histogram[HISTOGRAM_request_duration]);
}

START_TEST(names_of_metrics_are_unique)
{
    for (unsigned i = 0; i < METRIC_COUNT; i++)
        for (unsigned j = 0; j < i; j++)
            ck_assert_str_ne(metric_infos[i].name, metric_infos[j].name);
}
END_TEST

START_TEST(merge_adds_counters_gauges_and_histograms)
{
    fill(a, 3);
    fill(b, 4);
    metrics_merge(a, b);
    ck_assert_uint_eq(metric_get(a, METRIC_requests), 7);
    ck_assert_uint_eq(metric_get(a, METRIC_connections), 7);
    ck_assert_uint_eq(durations(a), 7);
}
END_TEST

START_TEST(retire_keeps_counts_and_drops_gauges)
{
    fill(a, 3);
    fill(b, 4);
    metrics_retire(a, b);
    ck_assert_uint_eq(metric_get(a, METRIC_requests), 7);
    ck_assert_uint_eq(metric_get(a, METRIC_connections), 3);
    ck_assert_uint_eq(durations(a), 7);
}
END_TEST

START_TEST(catch_up_only_raises)
{
    fill(a, 3);
    fill(b, 5);
    metrics_catch_up(a, b);
    ck_assert_uint_eq(metric_get(a, METRIC_requests), 5);
    ck_assert_uint_eq(metric_get(a, METRIC_connections), 3);
    ck_assert_uint_eq(durations(a), 5);
    fill(a, 10);
    metrics_catch_up(a, b);
    ck_assert_uint_eq(metric_get(a, METRIC_requests), 15);
    ck_assert_uint_eq(durations(a), 15);
}
END_TEST

START_TEST(counts_of_a_killed_child_can_be_read_by_its_parent)
{
    pid_t pid = fork();

    if (pid == 0) {
        metrics_here = a;
        METRIC_ADD(requests, 9);
        kill(getpid(), SIGKILL);
    }
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    ck_assert_uint_eq(metric_get(a, METRIC_requests), 9);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, names_of_metrics_are_unique);
    tcase_add_test(tc, merge_adds_counters_gauges_and_histograms);
    tcase_add_test(tc, retire_keeps_counts_and_drops_gauges);
    tcase_add_test(tc, catch_up_only_raises);
    tcase_add_test(tc, counts_of_a_killed_child_can_be_read_by_its_parent);
}

int main(void)
{
    return run_suite("metrics", add);
}
