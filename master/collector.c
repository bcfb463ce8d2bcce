/* SPDX-License-Identifier: MIT */
/*
 * Totals are exact and never go back, because
 *   - a record carries cumulative values, so a dropped one costs freshness only;
 *   - values of a loop only grow here (report_apply), and are added to `retired` once, at its
 * death;
 *   - a loop counts in memory that the master shares, so what it counted between its last record
 * and a KILL is known too. That memory is read only then, when nobody writes it any more. Rates are
 * taken between records by the worker's clock, so they do not depend on when a record was read.
 */
#include "master/collector.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/check.h"
#include "common/clock.h"

#define BYTES_PER_WAKE (64 * 1024)
/* More than a pipe ever holds here; a bound for the draining of a dead worker's. */
#define BYTES_AT_DEATH (4 * 1024 * 1024)

int collector_init(struct collected *collected, unsigned nloops, uint32_t generation)
{
    *collected = (struct collected){.generation = generation};
    collected->loops = calloc(nloops, sizeof(*collected->loops));
    if (collected->loops == NULL)
        return -ENOMEM;
    collected->nloops = nloops;
    for (unsigned i = 0; i < nloops; i++) {
        collected->loops[i].reported = metrics_new();
        collected->loops[i].shared = metrics_new();
        if (collected->loops[i].reported == NULL || collected->loops[i].shared == NULL) {
            collector_fini(collected);
            return -ENOMEM;
        }
    }
    return 0;
}

void collector_fini(struct collected *collected)
{
    for (unsigned i = 0; i < collected->nloops; i++) {
        metrics_free(collected->loops[i].reported);
        metrics_free(collected->loops[i].shared);
    }
    free(collected->loops);
    collected->loops = NULL;
    collected->nloops = 0;
}

void collector_shared(const struct collected *collected, struct metrics **shared)
{
    for (unsigned i = 0; i < collected->nloops; i++)
        shared[i] = collected->loops[i].shared;
}

void collector_attach(struct collected *collected, int fd)
{
    report_reader_init(&collected->reader, fd);
}

static void take_sample(struct collected_loop *loop, int64_t time_ns)
{
    struct sample *sample = &loop->samples[loop->nsamples++ % COLLECTED_SAMPLES];

    sample->time_ns = time_ns;
    for (unsigned i = 0; i < METRIC_COUNT; i++)
        sample->value[i] = metric_get(loop->reported, i);
}

static void keep_text(char *text, size_t size, const struct report *report)
{
    size_t len = report->header.length < size ? report->header.length : size - 1;

    memcpy(text, report->payload, len);
    text[len] = 0;
}

static int take_record(struct collected *collected, const struct report *report)
{
    const struct report_header *header = &report->header;
    struct collected_loop *loop;
    int rc = 0;

    if (header->generation != collected->generation || header->loop >= collected->nloops)
        return -EBADMSG;
    loop = &collected->loops[header->loop];
    switch (header->type) {
    case REPORT_HELLO:
        break;
    case REPORT_READY:
        collected->is_ready = true;
        keep_text(collected->example, sizeof(collected->example), report);
        break;
    case REPORT_STATS:
        rc = report_apply(report, loop->reported);
        if (rc == 0)
            take_sample(loop, header->time_ns);
        break;
    case REPORT_HISTOGRAM:
        rc = report_apply(report, loop->reported);
        break;
    case REPORT_BYE:
        collected->byes++;
        break;
    case REPORT_FATAL:
        keep_text(collected->fatal, sizeof(collected->fatal), report);
        break;
    default:
        rc = -EBADMSG;
    }
    return rc;
}

static int read_at_most(struct collected *collected, size_t budget)
{
    struct report report;
    size_t taken = 0;
    int rc;

    while (taken < budget && (rc = report_read(&collected->reader, &report)) != 0) {
        if (rc > 0)
            rc = take_record(collected, &report);
        if (rc < 0)
            return rc;
        taken += sizeof(report.header) + report.header.length;
    }
    return 0;
}

int collector_read(struct collected *collected)
{
    return read_at_most(collected, BYTES_PER_WAKE);
}

void collector_retire(struct collected *collected, struct metrics *retired)
{
    /* Nothing that goes wrong here matters any more: what is good counts, and the rest is dropped.
     */
    (void)read_at_most(collected, BYTES_AT_DEATH);
    for (unsigned i = 0; i < collected->nloops; i++) {
        struct collected_loop *loop = &collected->loops[i];

        metrics_catch_up(loop->reported, loop->shared);
        metrics_retire(retired, loop->reported);
    }
}

void collector_add(const struct collected *collected, struct metrics *into)
{
    for (unsigned i = 0; i < collected->nloops; i++)
        metrics_merge(into, collected->loops[i].reported);
}

uint64_t collector_get(const struct collected *collected, enum metric id)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < collected->nloops; i++)
        sum += metric_get(collected->loops[i].reported, id);
    return sum;
}

static const struct sample *last_sample(const struct collected_loop *loop)
{
    return loop->nsamples == 0 ? NULL : &loop->samples[(loop->nsamples - 1) % COLLECTED_SAMPLES];
}

static const struct sample *first_sample(const struct collected_loop *loop)
{
    return loop->nsamples < COLLECTED_SAMPLES ? &loop->samples[0]
                                              : &loop->samples[loop->nsamples % COLLECTED_SAMPLES];
}

double collector_rate(const struct collected *collected, enum metric id, int64_t now_ns,
                      int64_t stale_ns)
{
    double rate = 0;

    for (unsigned i = 0; i < collected->nloops; i++) {
        const struct sample *last = last_sample(&collected->loops[i]);
        const struct sample *first = first_sample(&collected->loops[i]);

        if (last == NULL || last->time_ns <= first->time_ns || now_ns - last->time_ns > stale_ns)
            continue;
        rate += (double)(last->value[id] - first->value[id]) * (double)NS_PER_S /
                (double)(last->time_ns - first->time_ns);
    }
    return rate;
}

int64_t collector_age(const struct collected *collected, int64_t now_ns)
{
    int64_t age = 0;

    for (unsigned i = 0; i < collected->nloops; i++) {
        const struct sample *last = last_sample(&collected->loops[i]);

        if (last == NULL)
            return CLOCK_NEVER;
        if (now_ns - last->time_ns > age)
            age = now_ns - last->time_ns;
    }
    return age;
}

/* ---- window ---- */

int window_push(struct window *window, int64_t now_ns, const struct metrics *totals)
{
    struct histogram *slice;

    if (window->nslices < WINDOW_SLICES) {
        slice = malloc(HISTOGRAM_COUNT * sizeof(*slice));
        if (slice == NULL)
            return -ENOMEM;
        window->nslices++;
    } else {
        slice = window->slices[WINDOW_SLICES - 1];
    }
    for (unsigned i = window->nslices - 1; i > 0; i--)
        window->slices[i] = window->slices[i - 1];
    window->slices[0] = slice;
    memcpy((void *)slice, (const void *)totals->histogram, HISTOGRAM_COUNT * sizeof(*slice));
    window->pushed_ns = now_ns;
    return 0;
}

void window_fini(struct window *window)
{
    for (unsigned i = 0; i < window->nslices; i++)
        free(window->slices[i]);
    window->nslices = 0;
}

int64_t window_quantile_ns(const struct window *window, const struct metrics *totals,
                           enum metric_histogram id, double quantile, struct histogram *scratch)
{
    const struct histogram *now = &totals->histogram[id];

    if (window->nslices < WINDOW_SLICES)
        return histogram_quantile_ns(now, quantile);
    histogram_difference(scratch, now, &window->slices[WINDOW_SLICES - 1][id]);
    return histogram_quantile_ns(scratch, quantile);
}
