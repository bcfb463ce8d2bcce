/* SPDX-License-Identifier: MIT */
/*
 * histogram.h - durations in log-linear buckets: 7 sub-bucket bits, so an error of at most 1/128
 * (0.8 %).
 *
 * One fixed layout for everybody, so that two histograms are merged by addition. The unit is 8 ns;
 * below 1.024 us buckets are linear, above it every octave has 128; what is longer than
 * HISTOGRAM_MAX_NS counts in the last bucket. One writer; readers on other threads see each count
 * whole (relaxed atomics).
 */
#ifndef COPPICE_HISTOGRAM_H
#define COPPICE_HISTOGRAM_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_SUB_BITS   7
#define HISTOGRAM_UNIT_SHIFT 3
#define HISTOGRAM_OCTAVES    27
#define HISTOGRAM_BUCKETS    ((HISTOGRAM_OCTAVES + 1) << HISTOGRAM_SUB_BITS)
#define HISTOGRAM_MAX_NS     INT64_C(100000000000)

struct histogram {
    _Atomic uint64_t sum_ns;
    _Atomic uint64_t count[HISTOGRAM_BUCKETS];
};

/* The bucket of a duration; negative ones count as 0. */
static inline unsigned histogram_bucket(int64_t ns)
{
    uint64_t units =
        ns < 0 ? 0
               : (uint64_t)(ns > HISTOGRAM_MAX_NS ? HISTOGRAM_MAX_NS : ns) >> HISTOGRAM_UNIT_SHIFT;
    unsigned octave;

    if (units < (1u << HISTOGRAM_SUB_BITS))
        return (unsigned)units;
    octave = 63u - (unsigned)__builtin_clzll(units) - HISTOGRAM_SUB_BITS;
    return ((octave + 1) << HISTOGRAM_SUB_BITS) +
           (unsigned)((units >> octave) & ((1u << HISTOGRAM_SUB_BITS) - 1));
}

/* Count one duration. The only writer is the loop that owns the histogram. */
static inline void histogram_record_n(struct histogram *histogram, int64_t ns, uint64_t n)
{
    _Atomic uint64_t *count = &histogram->count[histogram_bucket(ns)];
    uint64_t sum = atomic_load_explicit(&histogram->sum_ns, memory_order_relaxed);

    atomic_store_explicit(count, atomic_load_explicit(count, memory_order_relaxed) + n,
                          memory_order_relaxed);
    atomic_store_explicit(&histogram->sum_ns, sum + (ns > 0 ? (uint64_t)ns * n : 0),
                          memory_order_relaxed);
}

static inline void histogram_record(struct histogram *histogram, int64_t ns)
{
    histogram_record_n(histogram, ns, 1);
}

/* The lowest duration that counts in the bucket, and the first that no longer does. */
int64_t histogram_bucket_low_ns(unsigned bucket);
int64_t histogram_bucket_high_ns(unsigned bucket);

/* Add what `from` counted to `into`. */
void histogram_merge(struct histogram *into, const struct histogram *from);

/* into = later - earlier, for a rate over an interval. */
void histogram_difference(struct histogram *into, const struct histogram *later,
                          const struct histogram *earlier);

/* How many durations were counted. */
uint64_t histogram_total(const struct histogram *histogram);

/* The duration that a share of at least `quantile` (0 to 1) does not exceed, as the middle of its
 * bucket; 0 when nothing was counted. */
int64_t histogram_quantile_ns(const struct histogram *histogram, double quantile);

/* The mean; 0 when nothing was counted. */
double histogram_mean_ns(const struct histogram *histogram);

#endif
