/* SPDX-License-Identifier: MIT */
/*
 * collector.h - the master's end of a worker's report pipe: the last metrics of each of its loops.
 *
 * collected belongs to one worker. window remembers totals of the past, for quantiles of the last
 * seconds.
 */
#ifndef COPPICE_COLLECTOR_H
#define COPPICE_COLLECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "common/report.h"

/* A loop's counters as they were some reports ago, by the loop's clock. */
struct sample {
    int64_t time_ns;
    uint64_t value[METRIC_COUNT];
};

#define COLLECTED_SAMPLES     4
#define COLLECTED_EXAMPLE_MAX 128

struct collected_loop {
    struct metrics *reported; /* what its records said */
    struct metrics *shared;   /* where it counts; read once, when the process is dead */
    struct sample samples[COLLECTED_SAMPLES];
    uint64_t nsamples; /* ever taken; the last is at (nsamples - 1) % COLLECTED_SAMPLES */
};

struct collected {
    struct report_reader reader;
    uint32_t generation;
    struct collected_loop *loops;
    unsigned nloops;
    unsigned byes; /* loops that said BYE */
    bool is_ready;
    /* Of READY: a path to try the app by; "" where it speaks no HTTP. */
    char example[COLLECTED_EXAMPLE_MAX];
    char fatal[384]; /* the sentence of a FATAL record; "" for none */
};

/* Begin with nothing, for nloops loops. Returns 0 or -ENOMEM with nothing allocated. */
int collector_init(struct collected *collected, unsigned nloops, uint32_t generation);
void collector_fini(struct collected *collected);

/* The shared metrics by loop, for the heritage: fills shared[nloops]. */
void collector_shared(const struct collected *collected, struct metrics **shared);

/* From now on records come from fd, which stays the caller's. */
void collector_attach(struct collected *collected, int fd);

/* Take in what has arrived, at most 64 KiB. Returns 0, -EPIPE at the end, -EBADMSG for what is no
 * record of this worker: then nothing more may be read. */
int collector_read(struct collected *collected);

/* The process is dead: take in what is left in the pipe, and what was counted after its last
 * record, and add all to `retired`. */
void collector_retire(struct collected *collected, struct metrics *retired);

/* Add the loops' metrics to `into`. */
void collector_add(const struct collected *collected, struct metrics *into);

uint64_t collector_get(const struct collected *collected, enum metric id);

/* Per second, over the last few records; 0 when the last is older than stale_ns. */
double collector_rate(const struct collected *collected, enum metric id, int64_t now_ns,
                      int64_t stale_ns);

/* How old the oldest of the loops' last records is; CLOCK_NEVER before the first. */
int64_t collector_age(const struct collected *collected, int64_t now_ns);

/* ---- quantiles of the last seconds ---- */

#define WINDOW_SLICES   3
#define WINDOW_SLICE_NS (5 * NS_PER_S)

struct window {
    struct histogram *slices[WINDOW_SLICES]; /* HISTOGRAM_COUNT each, the youngest first */
    unsigned nslices;
    int64_t pushed_ns;
};

/* Keep totals as the newest slice, and forget the oldest. Returns 0 or -ENOMEM with the window as
 * it was. */
int window_push(struct window *window, int64_t now_ns, const struct metrics *totals);
void window_fini(struct window *window);

/* A quantile of what was counted since the oldest slice (10 to 15 s ago, or the beginning). scratch
 * is clobbered. */
int64_t window_quantile_ns(const struct window *window, const struct metrics *totals,
                           enum metric_histogram id, double quantile, struct histogram *scratch);

#endif
