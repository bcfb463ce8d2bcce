/* SPDX-License-Identifier: MIT */
#include "master/hang.h"

#include "common/clock.h"
#include "common/log.h"
#include "master/generation.h"
#include "master/leave.h"
#include "master/pool.h"

static void warn_of_hang(struct worker *worker, unsigned loop, const struct beat_view *view,
                         int64_t age_ns)
{
    char name[POOL_NAME_MAX];
    int64_t now = clock_now();

    pool_print_worker(worker, name, sizeof(name));
    worker->hang_warned = true;
    worker->pool->tally->hangs++;
    if (view->task_since_ns != 0)
        log_warn("%s (pid %d) loop %u: no beat for %.1f s; task %llu \"%s\" runs for %.1f s", name,
                 worker->pid, loop, (double)age_ns / (double)NS_PER_S,
                 (unsigned long long)view->task, view->label,
                 (double)(now - view->task_since_ns) / (double)NS_PER_S);
    else
        log_warn("%s (pid %d) loop %u: no beat for %.1f s; no task runs", name, worker->pid, loop,
                 (double)age_ns / (double)NS_PER_S);
}

/* The oldest beat of the worker's loops, with its view and loop. */
static int64_t oldest_beat(const struct worker *worker, int64_t now_ns, struct beat_view *oldest,
                           unsigned *loop)
{
    int64_t worst = -1;

    for (unsigned i = 0; i < worker->pool->config->threads; i++) {
        struct beat_view view;
        int64_t since, age;

        /* A torn view is good enough: its beat is whole. */
        (void)beat_read(&worker->beats[i], &view);
        since = view.beat_ns > worker->ready_ns ? view.beat_ns : worker->ready_ns;
        age = now_ns - since;
        if (age > worst) {
            worst = age;
            *oldest = view;
            *loop = i;
        }
    }
    return worst;
}

/* A limit of 0 is none. */
static bool is_due(int64_t age_ns, int64_t limit_ns)
{
    return limit_ns != 0 && age_ns >= limit_ns;
}

static void check_worker(struct worker *worker, int64_t now_ns)
{
    const struct config_supervision *config = &worker->pool->generation->config->supervision;
    struct beat_view view;
    unsigned loop = 0;
    int64_t age;

    if (worker->state != WORKER_READY && worker->state != WORKER_DRAINING)
        return;
    if (worker->ready_ns == 0)
        return;
    age = oldest_beat(worker, now_ns, &view, &loop);
    if (!is_due(age, config->hang_warn))
        worker->hang_warned = false;
    else if (!worker->hang_warned)
        warn_of_hang(worker, loop, &view, age);
    if (is_due(age, config->hang_timeout)) {
        log_error("worker %s/%u (pid %d) hangs in \"%s\": aborting it", worker->pool->config->name,
                  worker->slot, worker->pid, view.label);
        leave_abort(worker);
    }
}

/* Of any model: the app's start may hang, and start_timeout is long. */
static void check_start(struct worker *worker, int64_t now_ns)
{
    const struct config_supervision *config = &worker->pool->generation->config->supervision;
    char name[POOL_NAME_MAX];
    int64_t age = now_ns - worker->started_ns;

    if (worker->hang_warned || !is_due(age, config->hang_warn))
        return;
    worker->hang_warned = true;
    pool_print_worker(worker, name, sizeof(name));
    log_warn(
        "%s (pid %d) is not ready after %.1f s: its app is starting (kill -ABRT %d ends it and "
        "shows where)",
        name, worker->pid, (double)age / (double)NS_PER_S, worker->pid);
}

void hang_check(struct master *master, int64_t now_ns)
{
    list_for_each (&master->workers, node) {
        struct worker *worker = list_entry(node, struct worker, node);

        if (worker->state == WORKER_STARTING)
            check_start(worker, now_ns);
        /* A blocking worker has no loop that could beat; request_timeout is its limit. */
        if (worker->pool->config->tasks > 1)
            check_worker(worker, now_ns);
    }
}
