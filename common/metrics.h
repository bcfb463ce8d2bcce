/* SPDX-License-Identifier: MIT */
/*
 * metrics.h - what one loop has counted, as declared in metrics_table.h.
 *
 * A loop owns its struct and is its only writer; counting is a plain add. The reporter, which may
 * be on another thread of the process, reads it (relaxed atomics, no lock). Values are cumulative
 * for the life of the loop; totals over loops and processes are the collector's
 * (master/collector.c).
 */
#ifndef COPPICE_METRICS_H
#define COPPICE_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

#include "common/histogram.h"

enum metric {
#define COUNTER(name, unit, help) METRIC_##name,
#define GAUGE(name, unit, help)   METRIC_##name,
#include "common/metrics_table.h"
    METRIC_COUNT
};

enum metric_histogram {
#define HISTOGRAM(name, help) HISTOGRAM_##name,
#include "common/metrics_table.h"
    HISTOGRAM_COUNT
};

enum metric_kind { METRIC_KIND_COUNTER, METRIC_KIND_GAUGE };

struct metric_info {
    const char *name;
    const char *unit;
    const char *help;
    enum metric_kind kind;
};

struct histogram_info {
    const char *name;
    const char *help;
};

extern const struct metric_info metric_infos[METRIC_COUNT];
extern const struct histogram_info histogram_infos[HISTOGRAM_COUNT];

struct metrics {
    _Atomic uint64_t value[METRIC_COUNT];
    struct histogram histogram[HISTOGRAM_COUNT];
};

/* The metrics of the loop that runs on this thread; never NULL inside a loop. */
extern _Thread_local struct metrics *metrics_here;

/* Zeroed metrics on pages of their own, which a fork shares: the master makes them for a worker's
 * loops, and what a loop counted after its last report is not lost with it. Histograms take memory
 * only as buckets are used. NULL: no memory. */
struct metrics *metrics_new(void);
void metrics_free(struct metrics *metrics);

/* Back to 0 everywhere. */
void metrics_clear(struct metrics *metrics);

/* Add every value and histogram of a living loop. */
void metrics_merge(struct metrics *into, const struct metrics *from);

/* Add what a dead loop leaves behind: counters and histograms, no gauges. */
void metrics_retire(struct metrics *into, const struct metrics *from);

/* Raise counters and buckets to those of the same loop seen elsewhere; what is lower stays. */
void metrics_catch_up(struct metrics *metrics, const struct metrics *with);

static inline uint64_t metric_get(const struct metrics *metrics, enum metric id)
{
    return atomic_load_explicit(&metrics->value[id], memory_order_relaxed);
}

static inline void metric_set(struct metrics *metrics, enum metric id, uint64_t value)
{
    atomic_store_explicit(&metrics->value[id], value, memory_order_relaxed);
}

static inline void metric_add(struct metrics *metrics, enum metric id, uint64_t n)
{
    metric_set(metrics, id, metric_get(metrics, id) + n);
}

/* Gauges only. */
static inline void metric_sub(struct metrics *metrics, enum metric id, uint64_t n)
{
    metric_set(metrics, id, metric_get(metrics, id) - n);
}

/* Count on the loop of this thread. */
#define METRIC_ADD(name, n) metric_add(metrics_here, METRIC_##name, (n))
#define METRIC_SUB(name, n) metric_sub(metrics_here, METRIC_##name, (n))

#endif
