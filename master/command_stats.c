/* SPDX-License-Identifier: MIT */
/*
 * Every metric, of the living and the dead. A living worker's part is as old as its last report
 * (report_interval).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "master/commands.h"
#include "master/generation.h"
#include "master/master.h"
#include "master/pool.h"

/* Of --rate. */
#define RATE_MIN_NS (100 * NS_PER_MS)
#define RATE_MAX_NS (60 * NS_PER_S)

static const struct command_param params[] = {
    {PARAM_OPTION, "pool", "POOL"},
    {PARAM_OPTION, "worker", "SLOT"},
    {PARAM_OPTION, "rate", "DURATION"},
    {PARAM_END, NULL, NULL},
};

static const struct field metric_fields[] = {
#define COUNTER(name, unit, help) {FIELD_INTEGER, #name, unit, help, NULL, STYLE_PLAIN, NULL, NULL},
#define GAUGE(name, unit, help)   {FIELD_INTEGER, #name, unit, help, NULL, STYLE_PLAIN, NULL, NULL},
#include "common/metrics_table.h"
    {.type = FIELD_END},
};

static const struct field rate_fields[] = {
#define COUNTER(name, unit, help) \
    {FIELD_REAL, #name, unit " per second", help, NULL, STYLE_PLAIN, NULL, NULL},
#include "common/metrics_table.h"
    {.type = FIELD_END},
};

static const struct {
    const char *name;
    double quantile;
} quantiles[] = {
    {"p50_ns", 0.5}, {"p90_ns", 0.9}, {"p99_ns", 0.99}, {"p999_ns", 0.999}, {"max_ns", 1}};

#define NQUANTILES (sizeof(quantiles) / sizeof(quantiles[0]))

static const struct field histogram_fields[] = {
    {FIELD_INTEGER, "count", NULL, "durations counted", "COUNT", STYLE_PLAIN, NULL, NULL},
    {FIELD_INTEGER, "sum_ns", "nanoseconds", "their sum", NULL, STYLE_PLAIN, NULL, NULL},
    {FIELD_INTEGER, "mean_ns", "nanoseconds", "their mean", "MEAN", STYLE_DURATION, NULL, NULL},
    {FIELD_INTEGER, "p50_ns", "nanoseconds", "the median", "P50", STYLE_DURATION, NULL, NULL},
    {FIELD_INTEGER, "p90_ns", "nanoseconds", "the 90th percentile", "P90", STYLE_DURATION, NULL,
     NULL},
    {FIELD_INTEGER, "p99_ns", "nanoseconds", "the 99th percentile", "P99", STYLE_DURATION, NULL,
     NULL},
    {FIELD_INTEGER, "p999_ns", "nanoseconds", "the 99.9th percentile", "P99.9", STYLE_DURATION,
     NULL, NULL},
    {FIELD_INTEGER, "max_ns", "nanoseconds", "the longest, within 0.8 %", "MAX", STYLE_DURATION,
     NULL, NULL},
    {.type = FIELD_END},
};

static const struct field histograms_fields[] = {
#define HISTOGRAM(name, help) \
    {FIELD_OBJECT, #name, NULL, help, NULL, STYLE_PLAIN, NULL, histogram_fields},
#include "common/metrics_table.h"
    {.type = FIELD_END},
};

static const struct field pool_fields[] = {
    {FIELD_STRING, "pool", NULL, "the pool's name", NULL, STYLE_PLAIN, NULL, NULL},
    {FIELD_INTEGER, "worker", NULL, "the worker's slot, where one was asked for", NULL, STYLE_PLAIN,
     NULL, NULL},
    {FIELD_OBJECT, "metrics", NULL, "every counter and gauge", NULL, STYLE_PLAIN, NULL,
     metric_fields},
    {FIELD_OBJECT, "rates", NULL,
     "every counter's growth per second, over the last few reports, or over --rate", NULL,
     STYLE_PLAIN, NULL, rate_fields},
    {FIELD_OBJECT, "histograms", NULL, "every histogram", NULL, STYLE_PLAIN, NULL,
     histograms_fields},
    {.type = FIELD_END},
};

static const struct field total_fields[] = {
    {FIELD_OBJECT, "metrics", NULL, "every counter and gauge", NULL, STYLE_PLAIN, NULL,
     metric_fields},
    {FIELD_OBJECT, "histograms", NULL, "every histogram", NULL, STYLE_PLAIN, NULL,
     histograms_fields},
    {.type = FIELD_END},
};

static const struct field fields[] = {
    {FIELD_INTEGER, "time_ns", "nanoseconds", "when this was put together (CLOCK_MONOTONIC)", NULL,
     STYLE_PLAIN, NULL, NULL},
    {FIELD_INTEGER, "report_interval_ns", "nanoseconds", "how old a living worker's part may be",
     NULL, STYLE_PLAIN, NULL, NULL},
    {FIELD_ROWS, "pools", NULL, "what each pool counted", "", STYLE_PLAIN, NULL, pool_fields},
    {FIELD_OBJECT, "total", NULL, "what all pools counted, also when one is asked for", NULL,
     STYLE_PLAIN, NULL, total_fields},
    {.type = FIELD_END},
};

/* ---- the data ---- */

static struct jsondoc *metrics_object(const struct metrics *metrics)
{
    struct jsondoc *object = jsondoc_object();

    for (unsigned i = 0; i < METRIC_COUNT; i++)
        jsondoc_set(object, metric_infos[i].name, jsondoc_integer((int64_t)metric_get(metrics, i)));
    return object;
}

static struct jsondoc *histogram_object(const struct histogram *histogram)
{
    struct jsondoc *object = jsondoc_object();

    jsondoc_set(object, "count", jsondoc_integer((int64_t)histogram_total(histogram)));
    jsondoc_set(object, "sum_ns", jsondoc_integer((int64_t)histogram->sum_ns));
    jsondoc_set(object, "mean_ns", jsondoc_integer((int64_t)histogram_mean_ns(histogram)));
    for (size_t i = 0; i < NQUANTILES; i++)
        jsondoc_set(object, quantiles[i].name,
                    jsondoc_integer(histogram_quantile_ns(histogram, quantiles[i].quantile)));
    return object;
}

static struct jsondoc *histograms_object(const struct metrics *metrics)
{
    struct jsondoc *object = jsondoc_object();

    for (unsigned i = 0; i < HISTOGRAM_COUNT; i++)
        jsondoc_set(object, histogram_infos[i].name, histogram_object(&metrics->histogram[i]));
    return object;
}

/* Of one worker, or of all of the pool's. */
static struct jsondoc *rates_object(const struct pool *pool, const struct worker *worker)
{
    struct jsondoc *object = jsondoc_object();
    int64_t now = clock_now(), stale = master_stale_ns(pool->master);

    for (unsigned i = 0; i < METRIC_COUNT; i++) {
        double rate;

        if (metric_infos[i].kind != METRIC_KIND_COUNTER)
            continue;
        rate = worker != NULL ? collector_rate(&worker->collected, i, now, stale)
                              : pool_rate(pool, i, now);
        jsondoc_set(object, metric_infos[i].name, jsondoc_real(rate));
    }
    return object;
}

static struct jsondoc *pool_object(const struct pool *pool, const struct worker *worker,
                                   struct metrics *totals)
{
    struct jsondoc *object = jsondoc_object();

    if (worker != NULL) {
        metrics_clear(totals);
        collector_add(&worker->collected, totals);
    } else {
        pool_totals(pool, totals);
    }
    jsondoc_set(object, "pool", jsondoc_string(pool->config->name));
    jsondoc_set(object, "worker", worker == NULL ? jsondoc_null() : jsondoc_integer(worker->slot));
    jsondoc_set(object, "metrics", metrics_object(totals));
    jsondoc_set(object, "rates", rates_object(pool, worker));
    jsondoc_set(object, "histograms", histograms_object(totals));
    return object;
}

/* NULL: no memory. */
static struct jsondoc *total_object(struct master *master)
{
    struct metrics *totals = metrics_new();
    struct jsondoc *object;

    if (totals == NULL)
        return NULL;
    master_totals(master, totals);
    object = jsondoc_object();
    jsondoc_set(object, "metrics", metrics_object(totals));
    jsondoc_set(object, "histograms", histograms_object(totals));
    metrics_free(totals);
    return object;
}

/* The worker in the slot that was asked for. Returns 0, or -errno with the reason in the call. */
static int find_worker(struct command_call *call, const struct pool *pool,
                       const struct worker **worker)
{
    const char *text = command_arg(call, "worker");
    int64_t slot;

    if (text == NULL)
        return 0;
    if (pool == NULL)
        return command_refuse(call, -EINVAL, "--worker needs --pool where there are several pools");
    slot = command_number(call, "worker", text, UINT32_MAX);
    if (slot < 0)
        return (int)slot;
    if (slot >= pool->nslots || pool->slots[slot].worker == NULL)
        return command_refuse(call, -ENOENT, "pool %s has no worker in slot %lld (see: workers)",
                              pool->config->name, (long long)slot);
    *worker = pool->slots[slot].worker;
    return 0;
}

/* ---- rates over a time of one's own ---- */

static const struct jsondoc *find_pool(const struct jsondoc *data, const char *name)
{
    const struct jsondoc *pools = jsondoc_get(data, "pools");

    for (size_t i = 0; i < jsondoc_len(pools); i++) {
        const struct jsondoc *pool = jsondoc_at(pools, i);
        const char *found = jsondoc_text(jsondoc_get(pool, "pool"));

        if (found != NULL && name != NULL && strcmp(found, name) == 0)
            return pool;
    }
    return NULL;
}

/* A pool that was not there before began with nothing, and so did a worker that is another. */
static struct jsondoc *growth(const struct jsondoc *before, const struct jsondoc *pool,
                              double seconds)
{
    const struct jsondoc *values = jsondoc_get(pool, "metrics");
    const struct jsondoc *old =
        jsondoc_get(find_pool(before, jsondoc_text(jsondoc_get(pool, "pool"))), "metrics");
    struct jsondoc *object = jsondoc_object();

    for (unsigned i = 0; i < METRIC_COUNT; i++) {
        const char *name = metric_infos[i].name;
        int64_t value = jsondoc_integer_value(jsondoc_get(values, name), 0);
        int64_t was = jsondoc_integer_value(jsondoc_get(old, name), 0);

        if (metric_infos[i].kind == METRIC_KIND_COUNTER)
            jsondoc_set(object, name,
                        jsondoc_real((double)(value < was ? value : value - was) / seconds));
    }
    return object;
}

/* All that is known now, into call->data; with rates since `before` (NULL: over the last reports),
 * so many seconds ago. */
static int compose(struct command_call *call, const struct jsondoc *before, double seconds)
{
    struct master *master = call->master;
    const struct generation *current = master->current;
    const char *name = command_arg(call, "pool");
    const struct pool *only = current->npools == 1 ? current->pools[0] : NULL;
    const struct worker *worker = NULL;
    struct jsondoc *list, *total;
    int rc;

    if (name != NULL && (only = command_pool(call, name)) == NULL)
        return -ENOENT;
    rc = find_worker(call, only, &worker);
    if (rc < 0)
        return rc;
    total = total_object(master);
    if (total == NULL)
        return command_refuse(call, -ENOMEM, "no memory");
    list = jsondoc_array();
    for (size_t i = 0; i < current->npools; i++)
        if (only == NULL || only == current->pools[i]) {
            struct jsondoc *object = pool_object(current->pools[i], worker, master->scratch);

            if (before != NULL)
                jsondoc_set(object, "rates", growth(before, object, seconds));
            jsondoc_push(list, object);
        }
    call->data = jsondoc_object();
    jsondoc_set(call->data, "time_ns", jsondoc_integer(clock_now()));
    jsondoc_set(call->data, "report_interval_ns",
                jsondoc_integer(current->config->supervision.report_interval));
    jsondoc_set(call->data, "pools", list);
    jsondoc_set(call->data, "total", total);
    return 0;
}

static int resume(struct command_call *call)
{
    struct jsondoc *before = call->data;
    int64_t passed_ns = clock_now() - call->started_ns;
    int rc;

    if (passed_ns < (int64_t)call->ticket)
        return COMMAND_LATER;
    call->data = NULL;
    rc = compose(call, before, (double)passed_ns / (double)NS_PER_S);
    jsondoc_free(before);
    return rc;
}

static int run(struct command_call *call)
{
    const char *rate = command_arg(call, "rate");
    int64_t over_ns = rate != NULL ? command_duration(call, "--rate", rate) : 0;
    int rc;

    if (over_ns < 0)
        return (int)over_ns;
    if (rate != NULL && (over_ns < RATE_MIN_NS || over_ns > RATE_MAX_NS))
        return command_refuse(call, -EINVAL, "--rate: expected 100ms to 1m");
    rc = compose(call, NULL, 0);
    if (rc < 0 || rate == NULL)
        return rc;
    call->ticket = (uint64_t)over_ns;
    return COMMAND_LATER;
}

/* ---- the text ---- */

static const struct field metric_columns[] = {
    {FIELD_STRING, "metric", NULL, "", "METRIC", STYLE_PLAIN, NULL, NULL},
    {FIELD_INTEGER, "value", NULL, "", "VALUE", STYLE_PLAIN, NULL, NULL},
    {FIELD_REAL, "rate", NULL, "", "PER SECOND", STYLE_PLAIN, NULL, NULL},
    {FIELD_STRING, "unit", NULL, "", "UNIT", STYLE_PLAIN, NULL, NULL},
    {.type = FIELD_END},
};

static const struct field histogram_columns[] = {
    {FIELD_STRING, "histogram", NULL, "", "HISTOGRAM", STYLE_PLAIN, NULL, NULL},
    {FIELD_INTEGER, "count", NULL, "", "COUNT", STYLE_PLAIN, NULL, NULL},
    {FIELD_INTEGER, "mean_ns", NULL, "", "MEAN", STYLE_DURATION, NULL, NULL},
    {FIELD_INTEGER, "p50_ns", NULL, "", "P50", STYLE_DURATION, NULL, NULL},
    {FIELD_INTEGER, "p90_ns", NULL, "", "P90", STYLE_DURATION, NULL, NULL},
    {FIELD_INTEGER, "p99_ns", NULL, "", "P99", STYLE_DURATION, NULL, NULL},
    {FIELD_INTEGER, "p999_ns", NULL, "", "P99.9", STYLE_DURATION, NULL, NULL},
    {FIELD_INTEGER, "max_ns", NULL, "", "MAX", STYLE_DURATION, NULL, NULL},
    {.type = FIELD_END},
};

static const struct field text_fields[] = {
    {FIELD_STRING, "pool", NULL, "", "pool", STYLE_PLAIN, NULL, NULL},
    {FIELD_INTEGER, "worker", NULL, "", "worker", STYLE_PLAIN, NULL, NULL},
    {FIELD_ROWS, "metrics", NULL, "", "", STYLE_PLAIN, NULL, metric_columns},
    {FIELD_ROWS, "histograms", NULL, "", "", STYLE_PLAIN, NULL, histogram_columns},
    {.type = FIELD_END},
};

static struct jsondoc *metric_rows(const struct jsondoc *pool)
{
    const struct jsondoc *values = jsondoc_get(pool, "metrics"),
                         *rates = jsondoc_get(pool, "rates");
    struct jsondoc *rows = jsondoc_array();

    for (unsigned i = 0; i < METRIC_COUNT; i++) {
        const char *name = metric_infos[i].name;
        double rate = jsondoc_real_value(jsondoc_get(rates, name), 0);
        struct jsondoc *row = jsondoc_object();

        jsondoc_set(row, "metric", jsondoc_string(name));
        jsondoc_set(row, "value",
                    jsondoc_integer(jsondoc_integer_value(jsondoc_get(values, name), 0)));
        if (rate > 0)
            jsondoc_set(row, "rate", jsondoc_real(rate));
        jsondoc_set(row, "unit", jsondoc_string(metric_infos[i].unit));
        jsondoc_push(rows, row);
    }
    return rows;
}

static struct jsondoc *histogram_rows(const struct jsondoc *pool)
{
    const struct jsondoc *histograms = jsondoc_get(pool, "histograms");
    struct jsondoc *rows = jsondoc_array();

    for (unsigned i = 0; i < HISTOGRAM_COUNT; i++) {
        const struct jsondoc *histogram = jsondoc_get(histograms, histogram_infos[i].name);
        struct jsondoc *row = jsondoc_object();

        jsondoc_set(row, "histogram", jsondoc_string(histogram_infos[i].name));
        for (const struct field *field = histogram_columns + 1; field->type != FIELD_END; field++)
            jsondoc_set(
                row, field->name,
                jsondoc_integer(jsondoc_integer_value(jsondoc_get(histogram, field->name), 0)));
        jsondoc_push(rows, row);
    }
    return rows;
}

static int print(const struct command_call *call, FILE *out)
{
    const struct jsondoc *pools = jsondoc_get(call->data, "pools");

    for (size_t i = 0; i < jsondoc_len(pools); i++) {
        const struct jsondoc *pool = jsondoc_at(pools, i);
        struct jsondoc *text = jsondoc_object();
        int rc;

        jsondoc_set(text, "pool", jsondoc_string(jsondoc_text(jsondoc_get(pool, "pool"))));
        if (jsondoc_is_integer(jsondoc_get(pool, "worker")))
            jsondoc_set(text, "worker",
                        jsondoc_integer(jsondoc_integer_value(jsondoc_get(pool, "worker"), 0)));
        jsondoc_set(text, "metrics", metric_rows(pool));
        jsondoc_set(text, "histograms", histogram_rows(pool));
        rc = fields_print(text_fields, text, out);
        jsondoc_free(text);
        if (rc < 0)
            return rc;
    }
    return 0;
}

const struct command command_stats = {
    .name = "stats",
    .help = "every metric: exact totals of living and dead workers, as new as their last reports; "
            "--rate measures the rates over that time",
    .access = ACCESS_READ,
    .params = params,
    .fields = fields,
    .run = run,
    .resume = resume,
    .print = print,
};
