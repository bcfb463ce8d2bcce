/* SPDX-License-Identifier: MIT */
#include "common/histogram.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

static struct histogram *new_histogram(void)
{
    struct histogram *histogram = calloc(1, sizeof(*histogram));

    ck_assert_ptr_nonnull(histogram);
    return histogram;
}

START_TEST(bucket_of_every_size_is_within_its_bounds_and_error)
{
    for (double v = 1; v < (double)HISTOGRAM_MAX_NS; v *= 1.01) {
        int64_t ns = (int64_t)v;
        unsigned bucket = histogram_bucket(ns);
        int64_t low = histogram_bucket_low_ns(bucket);
        int64_t high = histogram_bucket_high_ns(bucket);

        ck_assert_uint_lt(bucket, HISTOGRAM_BUCKETS);
        ck_assert_int_le(low, ns);
        ck_assert_int_lt(ns, high);
        if (ns >= 1024)
            ck_assert_double_le((double)(high - low) / (double)low, 1.0 / 128);
        else
            ck_assert_int_eq(high - low, 8);
    }
}
END_TEST

START_TEST(buckets_follow_each_other_without_gap)
{
    for (unsigned i = 0; i + 1 < HISTOGRAM_BUCKETS; i++) {
        ck_assert_int_lt(histogram_bucket_low_ns(i), histogram_bucket_low_ns(i + 1));
        ck_assert_uint_eq(
            histogram_bucket(histogram_bucket_low_ns(i + 1) - 1),
            i < histogram_bucket(HISTOGRAM_MAX_NS) ? i : histogram_bucket(HISTOGRAM_MAX_NS));
    }
}
END_TEST

START_TEST(record_beyond_the_range_counts_at_its_ends)
{
    struct histogram *h = new_histogram();

    histogram_record(h, -5);
    histogram_record(h, 0);
    histogram_record(h, INT64_MAX);
    histogram_record(h, HISTOGRAM_MAX_NS);
    ck_assert_uint_eq(h->count[0], 2);
    ck_assert_uint_eq(h->count[histogram_bucket(HISTOGRAM_MAX_NS)], 2);
    ck_assert_uint_eq(histogram_total(h), 4);
    free(h);
}
END_TEST

START_TEST(quantiles_are_within_one_bucket_of_the_truth)
{
    static const double quantiles[] = {0, 0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 1};
    struct histogram *h = new_histogram();
    const int n = 100000;

    for (int i = 1; i <= n; i++)
        histogram_record(h, (int64_t)i * 1000);
    for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++) {
        double truth = fmax(1, ceil(quantiles[i] * n)) * 1000;
        double got = (double)histogram_quantile_ns(h, quantiles[i]);

        ck_assert_double_le(fabs(got - truth) / truth, 0.008);
    }
    ck_assert_double_le(fabs(histogram_mean_ns(h) - 1000.0 * (n + 1) / 2), 1);
    free(h);
}
END_TEST

START_TEST(empty_histogram_has_quantile_and_mean_0)
{
    struct histogram *h = new_histogram();

    ck_assert_int_eq(histogram_quantile_ns(h, 0.99), 0);
    ck_assert_double_eq(histogram_mean_ns(h), 0);
    ck_assert_uint_eq(histogram_total(h), 0);
    free(h);
}
END_TEST

START_TEST(merge_is_the_histogram_of_both_and_difference_takes_it_back)
{
    struct histogram *a = new_histogram(), *b = new_histogram(), *both = new_histogram();

    for (int i = 0; i < 5000; i++) {
        int64_t ns = (int64_t)random() % 1000000000;

        histogram_record(i % 3 ? a : b, ns);
        histogram_record(both, ns);
    }
    histogram_merge(a, b);
    ck_assert_mem_eq(a, both, sizeof(*a));
    histogram_difference(a, a, b);
    histogram_merge(a, b);
    ck_assert_mem_eq(a, both, sizeof(*a));
    histogram_difference(a, both, both);
    ck_assert_uint_eq(histogram_total(a), 0);
    free(a);
    free(b);
    free(both);
}
END_TEST

START_TEST(record_n_is_n_times_record)
{
    struct histogram *a = new_histogram(), *b = new_histogram();

    histogram_record_n(a, 12345, 7);
    for (int i = 0; i < 7; i++)
        histogram_record(b, 12345);
    ck_assert_mem_eq(a, b, sizeof(*a));
    free(a);
    free(b);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, bucket_of_every_size_is_within_its_bounds_and_error);
    tcase_add_test(tc, buckets_follow_each_other_without_gap);
    tcase_add_test(tc, record_beyond_the_range_counts_at_its_ends);
    tcase_add_test(tc, quantiles_are_within_one_bucket_of_the_truth);
    tcase_add_test(tc, empty_histogram_has_quantile_and_mean_0);
    tcase_add_test(tc, merge_is_the_histogram_of_both_and_difference_takes_it_back);
    tcase_add_test(tc, record_n_is_n_times_record);
}

int main(void)
{
    return run_suite("histogram", add);
}
