/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "master/commands.h"
#include "master/generation.h"
#include "master/master.h"
#include "master/pool.h"

static const struct command_param params[] = {
    {PARAM_OPTION, "pool", "POOL"},
    {PARAM_FLAG, "memory", NULL},
    {PARAM_END, NULL, NULL},
};

static const struct field row_fields[] = {
    {FIELD_STRING, "pool", NULL, "the pool's name", "POOL", STYLE_PLAIN, NULL, NULL},
    {FIELD_INTEGER, "slot", NULL, "the worker's place in the pool", "SLOT", STYLE_PLAIN, NULL,
     NULL},
    {FIELD_INTEGER, "pid", NULL, "null while the slot is empty", "PID", STYLE_PLAIN, NULL, NULL},
    {FIELD_INTEGER, "generation", NULL, "of the configuration it runs", "GEN", STYLE_PLAIN, NULL,
     NULL},
    {FIELD_STRING, "state", NULL,
     "starting, ready, draining, stopping, aborting, killed; or empty, parked, done", "STATE",
     STYLE_PLAIN, NULL, NULL},
    {FIELD_INTEGER, "uptime_ns", "nanoseconds", "since it was forked", "UP", STYLE_DURATION, NULL,
     NULL},
    {FIELD_INTEGER, "beat_age_ns", "nanoseconds", "since the last beat of its slowest loop", "BEAT",
     STYLE_DURATION, NULL, NULL},
    {FIELD_INTEGER, "lag_ns", "nanoseconds", "how late that beat was", "LAG", STYLE_DURATION, NULL,
     NULL},
    {FIELD_REAL, "cpu_ratio", "ratio", "processors used, over the last few reports", "CPU",
     STYLE_PERCENT, NULL, NULL},
    {FIELD_INTEGER, "rss_bytes", "bytes", "resident memory", "RSS", STYLE_BYTES, NULL, NULL},
    {FIELD_INTEGER, "pss_bytes", "bytes", "proportional memory, with --memory", "PSS", STYLE_BYTES,
     NULL, NULL},
    {FIELD_INTEGER, "private_bytes", "bytes", "memory of its own, with --memory", "PRIVATE",
     STYLE_BYTES, NULL, NULL},
    {FIELD_INTEGER, "connections", "connections", "connections open now", "CONNS", STYLE_PLAIN,
     NULL, NULL},
    {FIELD_INTEGER, "tasks_running", "tasks", "tasks that can run", "RUN", STYLE_PLAIN, "tasks",
     NULL},
    {FIELD_INTEGER, "tasks", "tasks", "tasks alive", NULL, STYLE_PLAIN, NULL, NULL},
    {FIELD_STRING, "doing", NULL,
     "the task that holds a loop, or that a blocking thread serves, longest of all", "DOING",
     STYLE_PLAIN, NULL, NULL},
    {FIELD_INTEGER, "doing_ns", "nanoseconds", "for how long", "FOR", STYLE_DURATION, NULL, NULL},
    {FIELD_REAL, "accepts_per_s", "connections per second", "over the last few reports", "ACC/S",
     STYLE_ROUND, NULL, NULL},
    {FIELD_REAL, "requests_per_s", "requests per second", "over the last few reports", "REQ/S",
     STYLE_ROUND, NULL, NULL},
    {FIELD_INTEGER, "p99_ns", "nanoseconds",
     "99th percentile of request durations since it started", "P99", STYLE_DURATION, NULL, NULL},
    {FIELD_INTEGER, "requests", "requests", "answered since it started", NULL, STYLE_PLAIN, NULL,
     NULL},
    {FIELD_INTEGER, "report_age_ns", "nanoseconds", "how old the counts in this row are", NULL,
     STYLE_DURATION, NULL, NULL},
    {FIELD_INTEGER, "restarts", "workers",
     "times that the slot's worker died unasked, in this generation", "RESTARTS", STYLE_PLAIN, NULL,
     NULL},
    {FIELD_INTEGER, "retry_in_ns", "nanoseconds", "until an empty slot's next try", "RETRY",
     STYLE_DURATION, NULL, NULL},
    {FIELD_STRING, "last", NULL, "how the slot's last worker ended", "LAST", STYLE_PLAIN, NULL,
     NULL},
    {.type = FIELD_END},
};

static const struct field fields[] = {
    {FIELD_ROWS, "workers", NULL, "a row per worker, and per slot without one", "", STYLE_PLAIN,
     NULL, row_fields},
    {.type = FIELD_END},
};

/* Every member that the row's table declares, null until it is known. */
static struct jsondoc *empty_row(void)
{
    struct jsondoc *row = jsondoc_object();

    for (const struct field *field = row_fields; field->type != FIELD_END; field++)
        jsondoc_set(row, field->name, jsondoc_null());
    return row;
}

static void set(struct jsondoc *row, const char *name, int64_t value)
{
    jsondoc_set(row, name, jsondoc_integer(value));
}

static void set_slot(struct jsondoc *row, const struct pool *pool, unsigned index)
{
    const struct slot *slot = &pool->slots[index];

    jsondoc_set(row, "pool", jsondoc_string(pool->config->name));
    set(row, "slot", index);
    set(row, "restarts", slot->restarts);
    if (slot->last[0] != 0)
        jsondoc_set(row, "last", jsondoc_string(slot->last));
}

static void set_memory(struct jsondoc *row, pid_t pid)
{
    char path[48], line[128];
    unsigned long long kb, pss = 0, private = 0;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
    file = fopen(path, "re");
    if (file == NULL)
        return;
    while (fgets(line, sizeof(line), file) != NULL) {
        if (sscanf(line, "Pss: %llu kB", &kb) == 1)
            pss = kb;
        else if (sscanf(line, "Private_Clean: %llu kB", &kb) == 1 ||
                 sscanf(line, "Private_Dirty: %llu kB", &kb) == 1)
        private += kb;
    }
    fclose(file);
    set(row, "pss_bytes", (int64_t)pss * 1024);
    set(row, "private_bytes", (int64_t) private * 1024);
}

static void set_doing(struct jsondoc *row, const struct beat_view *view, int64_t now_ns)
{
    char text[BEAT_LABEL_MAX + 32];

    if (view->task_since_ns == 0)
        return;
    snprintf(text, sizeof(text), "%s", view->label);
    if (view->label[0] == 0)
        snprintf(text, sizeof(text), "task %llu", (unsigned long long)view->task);
    jsondoc_set(row, "doing", jsondoc_string(text));
    set(row, "doing_ns", now_ns - view->task_since_ns);
}

/* From the slots in shared memory, which tell the truth of a hung worker, too. */
static void set_beats(struct jsondoc *row, const struct worker *worker, int64_t now_ns)
{
    struct beat_view longest = {.task_since_ns = 0};
    int64_t oldest = CLOCK_NEVER, lag = 0, connections = 0, tasks = 0, running = 0;

    for (unsigned i = 0; i < worker->pool->config->threads; i++) {
        struct beat_view view;

        (void)beat_read(&worker->beats[i], &view);
        connections += view.connections;
        tasks += view.tasks;
        running += view.tasks_running;
        if (view.task_since_ns != 0 &&
            (longest.task_since_ns == 0 || view.task_since_ns < longest.task_since_ns))
            longest = view;
        if (view.beat_ns >= oldest)
            continue;
        oldest = view.beat_ns;
        lag = view.lag_ns;
    }
    set_doing(row, &longest, now_ns);
    set(row, "connections", connections);
    set(row, "tasks", tasks);
    set(row, "tasks_running", running);
    if (oldest == 0)
        return;
    set(row, "beat_age_ns", now_ns - oldest);
    set(row, "lag_ns", lag);
}

static void set_reported(struct jsondoc *row, const struct worker *worker, struct metrics *totals,
                         int64_t now_ns)
{
    const struct collected *collected = &worker->collected;
    int64_t stale = master_stale_ns(worker->pool->master), age = collector_age(collected, now_ns);

    if (age == CLOCK_NEVER)
        return;
    metrics_clear(totals);
    collector_add(collected, totals);
    set(row, "report_age_ns", age);
    set(row, "rss_bytes", (int64_t)metric_get(totals, METRIC_rss_bytes));
    set(row, "connections", (int64_t)metric_get(totals, METRIC_connections));
    set(row, "requests", (int64_t)metric_get(totals, METRIC_requests));
    set(row, "p99_ns", histogram_quantile_ns(&totals->histogram[HISTOGRAM_request_duration], 0.99));
    jsondoc_set(row, "accepts_per_s",
                jsondoc_real(collector_rate(collected, METRIC_accepts, now_ns, stale)));
    jsondoc_set(row, "requests_per_s",
                jsondoc_real(collector_rate(collected, METRIC_requests, now_ns, stale)));
    jsondoc_set(row, "cpu_ratio",
                jsondoc_real((collector_rate(collected, METRIC_cpu_user_us, now_ns, stale) +
                              collector_rate(collected, METRIC_cpu_system_us, now_ns, stale)) /
                             1e6));
}

static struct jsondoc *worker_row(const struct worker *worker, struct metrics *totals,
                                  bool with_memory, int64_t now_ns)
{
    struct jsondoc *row = empty_row();

    set_slot(row, worker->pool, worker->slot);
    set(row, "pid", worker->pid);
    set(row, "generation", worker->generation);
    jsondoc_set(row, "state", jsondoc_string(pool_state_name(worker->state)));
    set(row, "uptime_ns", now_ns - worker->started_ns);
    set_beats(row, worker, now_ns);
    set_reported(row, worker, totals, now_ns);
    if (with_memory)
        set_memory(row, worker->pid);
    return row;
}

static struct jsondoc *vacant_row(const struct pool *pool, unsigned index, int64_t now_ns)
{
    const struct slot *slot = &pool->slots[index];
    struct jsondoc *row = empty_row();

    set_slot(row, pool, index);
    jsondoc_set(row, "state",
                jsondoc_string(slot->is_parked ? "parked"
                               : slot->is_done ? "done"
                                               : "empty"));
    if (!slot->is_parked && !slot->is_done)
        set(row, "retry_in_ns", slot->retry_ns > now_ns ? slot->retry_ns - now_ns : 0);
    return row;
}

/* A pool's workers by slot, in each slot the oldest first; and its slots that have none. */
static void add_rows(struct jsondoc *rows, const struct pool *pool, bool with_memory)
{
    const struct master *master = pool->master;
    bool serves = pool == generation_pool(master->current, pool->config->name) &&
                  master->stop == MASTER_SERVES;
    int64_t now = clock_now();

    for (unsigned i = 0; i < pool->nslots; i++) {
        list_for_each (&master->workers, node) {
            const struct worker *worker = list_entry(node, struct worker, node);

            if (worker->pool == pool && worker->slot == i)
                jsondoc_push(rows, worker_row(worker, master->scratch, with_memory, now));
        }
        if (serves && i < pool->wanted && pool->slots[i].worker == NULL)
            jsondoc_push(rows, vacant_row(pool, i, now));
    }
}

static int run(struct command_call *call)
{
    const char *name = command_arg(call, "pool");
    struct jsondoc *rows;

    if (name != NULL && command_pool(call, name) == NULL)
        return -ENOENT;
    rows = jsondoc_array();
    list_for_each (&call->master->generations, node) {
        const struct generation *generation = list_entry(node, struct generation, node);

        for (size_t i = 0; i < generation->npools; i++)
            if (name == NULL || strcmp(generation->pools[i]->config->name, name) == 0)
                add_rows(rows, generation->pools[i], command_arg(call, "memory") != NULL);
    }
    call->data = jsondoc_object();
    jsondoc_set(call->data, "workers", rows);
    return 0;
}

const struct command command_workers = {
    .name = "workers",
    .help = "a row per worker: state, load, memory, and how the last one ended",
    .access = ACCESS_READ,
    .params = params,
    .fields = fields,
    .run = run,
};
