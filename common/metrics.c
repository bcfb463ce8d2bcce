/* SPDX-License-Identifier: MIT */
#include "common/metrics.h"

#include <string.h>
#include <sys/mman.h>

_Thread_local struct metrics *metrics_here;

const struct metric_info metric_infos[METRIC_COUNT] = {
#define COUNTER(name, unit, help) {#name, unit, help, METRIC_KIND_COUNTER},
#define GAUGE(name, unit, help)   {#name, unit, help, METRIC_KIND_GAUGE},
#include "common/metrics_table.h"
};

const struct histogram_info histogram_infos[HISTOGRAM_COUNT] = {
#define HISTOGRAM(name, help) {#name, help},
#include "common/metrics_table.h"
};

struct metrics *metrics_new(void)
{
    void *pages = mmap(NULL, sizeof(struct metrics), PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    return pages == MAP_FAILED ? NULL : pages;
}

void metrics_free(struct metrics *metrics)
{
    if (metrics != NULL)
        munmap(metrics, sizeof(*metrics));
}

void metrics_clear(struct metrics *metrics)
{
    memset((void *)metrics, 0, sizeof(*metrics));
}

void metrics_merge(struct metrics *into, const struct metrics *from)
{
    for (unsigned i = 0; i < METRIC_COUNT; i++)
        metric_add(into, i, metric_get(from, i));
    for (unsigned i = 0; i < HISTOGRAM_COUNT; i++)
        histogram_merge(&into->histogram[i], &from->histogram[i]);
}

void metrics_retire(struct metrics *into, const struct metrics *from)
{
    for (unsigned i = 0; i < METRIC_COUNT; i++)
        if (metric_infos[i].kind == METRIC_KIND_COUNTER)
            metric_add(into, i, metric_get(from, i));
    for (unsigned i = 0; i < HISTOGRAM_COUNT; i++)
        histogram_merge(&into->histogram[i], &from->histogram[i]);
}

static void raise_to(_Atomic uint64_t *value, const _Atomic uint64_t *other)
{
    uint64_t to = atomic_load_explicit(other, memory_order_relaxed);

    if (to > atomic_load_explicit(value, memory_order_relaxed))
        atomic_store_explicit(value, to, memory_order_relaxed);
}

void metrics_catch_up(struct metrics *metrics, const struct metrics *with)
{
    for (unsigned i = 0; i < METRIC_COUNT; i++)
        if (metric_infos[i].kind == METRIC_KIND_COUNTER)
            raise_to(&metrics->value[i], &with->value[i]);
    for (unsigned i = 0; i < HISTOGRAM_COUNT; i++) {
        struct histogram *histogram = &metrics->histogram[i];
        const struct histogram *other = &with->histogram[i];

        raise_to(&histogram->sum_ns, &other->sum_ns);
        for (unsigned j = 0; j < HISTOGRAM_BUCKETS; j++)
            raise_to(&histogram->count[j], &other->count[j]);
    }
}
