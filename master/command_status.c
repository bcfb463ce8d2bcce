/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/version.h"
#include "master/commands.h"
#include "master/control.h"
#include "master/generation.h"
#include "master/master.h"
#include "master/pool.h"
#include "master/reload.h"

static const struct command_param params[] = {{PARAM_END, NULL, NULL}};

static const struct field pool_fields[] = {
    {FIELD_STRING, "pool", NULL, "the pool's name", "POOL", STYLE_PLAIN, NULL, NULL},
    {FIELD_STRING, "app", NULL, "what it serves", "APP", STYLE_PLAIN, NULL, NULL},
    {FIELD_STRINGS, "listen", NULL, "where it listens, as bound", "LISTEN", STYLE_PLAIN, NULL,
     NULL},
    {FIELD_STRING, "model", NULL, "how connections wait", "MODEL", STYLE_PLAIN, NULL, NULL},
    {FIELD_INTEGER, "workers_ready", "workers", "workers that serve", "WORKERS", STYLE_PLAIN,
     "workers_wanted", NULL},
    {FIELD_INTEGER, "workers_wanted", "workers", "workers that should", NULL, STYLE_PLAIN, NULL,
     NULL},
    {FIELD_INTEGER, "connections", "connections", "connections open now", "CONNS", STYLE_PLAIN,
     "connections_limit", NULL},
    {FIELD_INTEGER, "connections_limit", "connections", "connections that may be open", NULL,
     STYLE_PLAIN, NULL, NULL},
    {FIELD_REAL, "requests_per_s", "requests per second", "over the last few reports", "REQ/S",
     STYLE_ROUND, NULL, NULL},
    {FIELD_INTEGER, "p50_ns", "nanoseconds", "median request duration of the last 10 to 15 s",
     "P50", STYLE_DURATION, NULL, NULL},
    {FIELD_INTEGER, "p99_ns", "nanoseconds", "99th percentile of the same", "P99", STYLE_DURATION,
     NULL, NULL},
    {FIELD_REAL, "error_ratio", "ratio", "requests that failed, over the last few reports", "ERR",
     STYLE_PERCENT, NULL, NULL},
    {FIELD_INTEGER, "lag_ns", "nanoseconds", "how late the latest loop's beat was", "LAG",
     STYLE_DURATION, NULL, NULL},
    {FIELD_INTEGER, "queue", "connections", "connections not accepted yet (TCP)", "QUEUE",
     STYLE_PLAIN, "queue_limit", NULL},
    {FIELD_INTEGER, "queue_limit", "connections", "connections that may wait", NULL, STYLE_PLAIN,
     NULL, NULL},
    {FIELD_INTEGER, "crashes", "workers", "workers that died unasked, ever", NULL, STYLE_PLAIN,
     NULL, NULL},
    {FIELD_INTEGER, "hangs", "hangs", "loops that missed hang_warn, ever", NULL, STYLE_PLAIN, NULL,
     NULL},
    {.type = FIELD_END},
};

static const struct field fields[] = {
    {FIELD_STRING, "version", NULL, "which Coppice", "coppice", STYLE_PLAIN, NULL, NULL},
    {FIELD_INTEGER, "generation", NULL, "of the configuration and its workers", "generation",
     STYLE_PLAIN, NULL, NULL},
    {FIELD_INTEGER, "pid", NULL, "the master's", "pid", STYLE_PLAIN, NULL, NULL},
    {FIELD_INTEGER, "uptime_ns", "nanoseconds", "since the master started", "up", STYLE_DURATION,
     NULL, NULL},
    {FIELD_STRING, "state", NULL, "starting, ok, degraded or stopping", "state", STYLE_PLAIN, NULL,
     NULL},
    {FIELD_STRING, "config", NULL, "the configuration's path", "config", STYLE_PLAIN, NULL, NULL},
    {FIELD_ROWS, "pools", NULL, "a row per pool", "", STYLE_PLAIN, NULL, pool_fields},
    {FIELD_STRING, "last_reload", NULL, "when, how it went, and who asked", "last reload",
     STYLE_PLAIN, NULL, NULL},
    {FIELD_STRING, "last_failure", NULL, "the last thing that went wrong, with its time",
     "last failure", STYLE_PLAIN, NULL, NULL},
    {.type = FIELD_END},
};

static const char *state_of(const struct master *master)
{
    if (master_is_leaving(master))
        return "stopping";
    if (!master->has_started)
        return "starting";
    return generation_is_complete(master->current) ? "ok" : "degraded";
}

static struct jsondoc *addresses(const struct pool *pool)
{
    struct jsondoc *list = jsondoc_array();
    char text[COP_ADDRESS_TEXT_MAX];

    for (size_t i = 0; i < pool->config->nlisten; i++)
        jsondoc_push(
            list, jsondoc_string(cop_address_print(&sockets_at(&pool->sockets, i)->address, text)));
    return list;
}

static int64_t worst_lag(const struct pool *pool)
{
    int64_t worst = 0;

    list_for_each (&pool->master->workers, node) {
        const struct worker *worker = list_entry(node, struct worker, node);

        for (unsigned i = 0; worker->pool == pool && i < pool->config->threads; i++) {
            struct beat_view view;

            (void)beat_read(&worker->beats[i], &view);
            if (view.lag_ns > worst)
                worst = view.lag_ns;
        }
    }
    return worst;
}

static double error_ratio(const struct pool *pool, int64_t now_ns)
{
    double requests = pool_rate(pool, METRIC_requests, now_ns);
    double errors = pool_rate(pool, METRIC_responses_5xx, now_ns) +
                    pool_rate(pool, METRIC_request_errors, now_ns) +
                    pool_rate(pool, METRIC_request_timeouts, now_ns);

    if (errors <= 0)
        return 0;
    return errors >= requests ? 1 : errors / requests;
}

static void set_queue(struct jsondoc *row, const struct pool *pool)
{
    uint64_t depth, limit;
    bool known = sockets_queue(&pool->sockets, &depth, &limit) == 0;

    jsondoc_set(row, "queue", known ? jsondoc_integer((int64_t)depth) : jsondoc_null());
    jsondoc_set(row, "queue_limit", known ? jsondoc_integer((int64_t)limit) : jsondoc_null());
}

static void set_quantiles(struct jsondoc *row, const struct pool *pool,
                          const struct metrics *totals, struct histogram *scratch)
{
    const enum metric_histogram id = HISTOGRAM_request_duration;

    jsondoc_set(
        row, "p50_ns",
        jsondoc_integer(window_quantile_ns(&pool->tally->window, totals, id, 0.5, scratch)));
    jsondoc_set(
        row, "p99_ns",
        jsondoc_integer(window_quantile_ns(&pool->tally->window, totals, id, 0.99, scratch)));
}

static struct jsondoc *pool_row(const struct pool *pool, struct metrics *totals,
                                struct histogram *scratch, int64_t now_ns)
{
    struct jsondoc *row = jsondoc_object();

    pool_totals(pool, totals);
    jsondoc_set(row, "pool", jsondoc_string(pool->config->name));
    jsondoc_set(row, "app", jsondoc_string(pool->config->app));
    jsondoc_set(row, "listen", addresses(pool));
    jsondoc_set(row, "model", jsondoc_string(config_model_name(pool->config)));
    jsondoc_set(row, "workers_ready", jsondoc_integer(pool_ready(pool)));
    jsondoc_set(row, "workers_wanted", jsondoc_integer(pool->wanted));
    jsondoc_set(row, "connections",
                jsondoc_integer((int64_t)metric_get(totals, METRIC_connections)));
    jsondoc_set(row, "connections_limit",
                jsondoc_integer((int64_t)metric_get(totals, METRIC_connections_limit)));
    jsondoc_set(row, "requests_per_s", jsondoc_real(pool_rate(pool, METRIC_requests, now_ns)));
    set_quantiles(row, pool, totals, scratch);
    jsondoc_set(row, "error_ratio", jsondoc_real(error_ratio(pool, now_ns)));
    jsondoc_set(row, "lag_ns", jsondoc_integer(worst_lag(pool)));
    set_queue(row, pool);
    jsondoc_set(row, "crashes", jsondoc_integer((int64_t)pool->tally->crashes));
    jsondoc_set(row, "hangs", jsondoc_integer((int64_t)pool->tally->hangs));
    return row;
}

/* "2026-01-31T12:00:00Z text" */
static struct jsondoc *dated(time_t time, const char *text)
{
    char line[sizeof(((struct master *)0)->failure) + 32], when[24];
    struct tm tm = {0};

    gmtime_r(&time, &tm);
    strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
    snprintf(line, sizeof(line), "%s %s", when, text);
    return jsondoc_string(line);
}

static struct jsondoc *last_failure(const struct master *master)
{
    return master->failure[0] == 0 ? jsondoc_null() : dated(master->failure_time, master->failure);
}

static struct jsondoc *last_reload(const struct master *master)
{
    const struct reload_verdict *verdict = reload_last(master);
    char text[160];

    if (reload_is_busy(master))
        return jsondoc_string("under way");
    if (verdict == NULL)
        return jsondoc_null();
    snprintf(text, sizeof(text), "%s after %lld ms (%s)", verdict->is_ok ? "ok" : "failed",
             (long long)(verdict->took_ns / NS_PER_MS), verdict->why);
    return dated(verdict->time, text);
}

static int run(struct command_call *call)
{
    struct master *master = call->master;
    struct histogram *scratch = malloc(sizeof(*scratch));
    struct jsondoc *rows;
    int64_t now = clock_now();

    if (scratch == NULL)
        return command_refuse(call, -ENOMEM, "no memory");
    rows = jsondoc_array();
    for (size_t i = 0; i < master->current->npools; i++)
        jsondoc_push(rows, pool_row(master->current->pools[i], master->scratch, scratch, now));
    free(scratch);
    call->data = jsondoc_object();
    jsondoc_set(call->data, "version", jsondoc_string(COPPICE_VERSION));
    jsondoc_set(call->data, "generation", jsondoc_integer(master->current->number));
    jsondoc_set(call->data, "pid", jsondoc_integer(getpid()));
    jsondoc_set(call->data, "uptime_ns", jsondoc_integer(now - master->started_ns));
    jsondoc_set(call->data, "state", jsondoc_string(state_of(master)));
    jsondoc_set(call->data, "config", jsondoc_string(master->current->config->path));
    jsondoc_set(call->data, "pools", rows);
    jsondoc_set(call->data, "last_reload", last_reload(master));
    jsondoc_set(call->data, "last_failure", last_failure(master));
    return 0;
}

const struct command command_status = {
    .name = "status",
    .help = "the server and its pools at a glance",
    .access = ACCESS_READ,
    .params = params,
    .fields = fields,
    .run = run,
};
