/* SPDX-License-Identifier: MIT */
#include "common/histogram.h"

#include <math.h>

#define SUB_BUCKETS (1u << HISTOGRAM_SUB_BITS)

static uint64_t load(const _Atomic uint64_t *value)
{
    return atomic_load_explicit(value, memory_order_relaxed);
}

static void store(_Atomic uint64_t *value, uint64_t to)
{
    atomic_store_explicit(value, to, memory_order_relaxed);
}

int64_t histogram_bucket_low_ns(unsigned bucket)
{
    unsigned octave = bucket >> HISTOGRAM_SUB_BITS;
    uint64_t units = bucket;

    if (octave > 0)
        units = (uint64_t)(SUB_BUCKETS + (bucket & (SUB_BUCKETS - 1))) << (octave - 1);
    return (int64_t)(units << HISTOGRAM_UNIT_SHIFT);
}

int64_t histogram_bucket_high_ns(unsigned bucket)
{
    return histogram_bucket_low_ns(bucket + 1);
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
    store(&into->sum_ns, load(&into->sum_ns) + load(&from->sum_ns));
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        uint64_t n = load(&from->count[i]);

        /* An unused bucket must not cost `into` a page. */
        if (n > 0)
            store(&into->count[i], load(&into->count[i]) + n);
    }
}

void histogram_difference(struct histogram *into, const struct histogram *later,
                          const struct histogram *earlier)
{
    store(&into->sum_ns, load(&later->sum_ns) - load(&earlier->sum_ns));
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
        store(&into->count[i], load(&later->count[i]) - load(&earlier->count[i]));
}

uint64_t histogram_total(const struct histogram *histogram)
{
    uint64_t total = 0;

    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
        total += load(&histogram->count[i]);
    return total;
}

int64_t histogram_quantile_ns(const struct histogram *histogram, double quantile)
{
    uint64_t total = histogram_total(histogram);
    double rank = ceil(quantile * (double)total);
    uint64_t seen = 0;

    if (total == 0)
        return 0;
    if (rank < 1)
        rank = 1;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += load(&histogram->count[i]);
        if ((double)seen >= rank)
            return (histogram_bucket_low_ns(i) + histogram_bucket_high_ns(i)) / 2;
    }
    return HISTOGRAM_MAX_NS;
}

double histogram_mean_ns(const struct histogram *histogram)
{
    uint64_t total = histogram_total(histogram);

    return total == 0 ? 0 : (double)load(&histogram->sum_ns) / (double)total;
}
