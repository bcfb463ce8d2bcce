/* SPDX-License-Identifier: MIT */
/*
 * What becomes of the slot of a worker that died is decided in demise.c; who hangs, in hang.c; how
 * one leaves, in leave.c.
 */
#include "master/supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "common/check.h"
#include "common/clock.h"
#include "common/log.h"
#include "master/demise.h"
#include "master/generation.h"
#include "master/inquiry.h"
#include "master/leave.h"
#include "master/notify.h"
#include "master/reload.h"
#include "master/spawn.h"

/* More processes than this is a typing error. */
#define SCALE_MAX 1024

static struct slot *slot_of(const struct worker *worker)
{
    struct slot *slot = &worker->pool->slots[worker->slot];

    return slot->worker == worker ? slot : NULL;
}

/* ---- the death of a worker ---- */

static void bury(struct worker *worker, int status)
{
    struct pool *pool = worker->pool;
    struct master *master = pool->master;
    struct slot *slot = slot_of(worker);
    char name[POOL_NAME_MAX], how[POOL_TEXT_MAX];

    ev_child_stop(master->loop, &worker->child);
    ev_io_stop(master->loop, &worker->report_io);
    inquiry_detach(worker);
    list_remove(&worker->node);
    collector_retire(&worker->collected, pool->tally->retired);
    pool_print_worker(worker, name, sizeof(name));
    demise_print(worker, status, how, sizeof(how));
    snprintf(pool->slots[worker->slot].last, POOL_TEXT_MAX, "%s", how);
    if (slot != NULL)
        demise_settle(worker, slot, status);
    else
        log_info("%s (pid %d) %s", name, worker->pid, how);
    spawn_free(worker);
    supervisor_maintain(master);
}

static void child_ended(struct ev_loop *loop, ev_child *child, int events)
{
    bury(child->data, child->rstatus);
}

/* ---- what a worker reports ---- */

static void become_ready(struct worker *worker)
{
    char name[POOL_NAME_MAX];

    worker->state = WORKER_READY;
    worker->ready_ns = clock_now();
    worker->deadline_ns = CLOCK_NEVER;
    log_info("%s (pid %d) is ready after %lld ms", pool_print_worker(worker, name, sizeof(name)),
             worker->pid, (long long)((worker->ready_ns - worker->started_ns) / NS_PER_MS));
    supervisor_maintain(worker->pool->master);
}

static void report_arrived(struct ev_loop *loop, ev_io *io, int events)
{
    struct worker *worker = io->data;
    char name[POOL_NAME_MAX];
    int rc = collector_read(&worker->collected);

    if (rc < 0)
        ev_io_stop(loop, io);
    /* The end of the pipe alone is no fault: the death that it announces comes as a signal. */
    if (rc < 0 && rc != -EPIPE && worker->state != WORKER_KILLED) {
        log_error("%s (pid %d) sent what is no report: replacing it",
                  pool_print_worker(worker, name, sizeof(name)), worker->pid);
        leave_now(worker, "it sent what is no report");
        return;
    }
    if (worker->state == WORKER_STARTING && worker->collected.is_ready)
        become_ready(worker);
}

static int start_worker(struct pool *pool, unsigned index)
{
    struct master *master = pool->master;
    struct slot *slot = &pool->slots[index];
    int64_t start_timeout = pool->generation->config->supervision.start_timeout;
    struct worker *worker;
    char name[POOL_NAME_MAX];
    int rc = spawn_worker(pool, index, &worker);

    if (rc < 0)
        return rc;
    slot->worker = worker;
    list_push_back(&master->workers, &worker->node);
    worker->deadline_ns =
        start_timeout == 0 ? CLOCK_NEVER : clock_add(worker->started_ns, start_timeout);
    ev_child_init(&worker->child, child_ended, worker->pid, 0);
    worker->child.data = worker;
    ev_child_start(master->loop, &worker->child);
    ev_io_init(&worker->report_io, report_arrived, worker->report_fd, EV_READ);
    worker->report_io.data = worker;
    ev_io_start(master->loop, &worker->report_io);
    inquiry_attach(worker);
    log_debug("%s (pid %d) starts", pool_print_worker(worker, name, sizeof(name)), worker->pid);
    return 0;
}

/* ---- keeping to what is wanted ---- */

/* How many workers a pool is to have, all things considered. */
static unsigned wanted_of(const struct pool *pool)
{
    const struct generation *generation = pool->generation;

    if (pool->master->stop != MASTER_SERVES || generation->state == GENERATION_LEAVING)
        return 0;
    return pool->wanted;
}

static void fill_slot(struct pool *pool, unsigned index, int64_t now_ns)
{
    struct slot *slot = &pool->slots[index];
    int rc;

    if (slot->worker != NULL || slot->is_parked || slot->is_done || slot->retry_ns > now_ns ||
        pool->generation->has_failed)
        return;
    rc = start_worker(pool, index);
    if (rc == 0)
        return;
    if (pool->generation->state == GENERATION_STARTING) {
        generation_fail(pool->generation, "%s/%u: cannot fork: %s", pool->config->name, index,
                        strerror(-rc));
        return;
    }
    slot->retry_ns = now_ns + NS_PER_S;
    master_failed(pool->master, "%s/%u: cannot fork: %s; next try in 1 s", pool->config->name,
                  index, strerror(-rc));
}

/* Take the slot's worker out of it and let it go. One that is about to be killed anyway just goes.
 */
static void clear_slot(struct pool *pool, unsigned index)
{
    const struct generation *generation = pool->generation;
    struct worker *worker = pool->slots[index].worker;

    if (worker == NULL)
        return;
    pool->slots[index].worker = NULL;
    if (worker->state > WORKER_DRAINING)
        return;
    if (generation->has_failed && worker->state == WORKER_STARTING)
        leave_now(worker, "the reload failed");
    else if (pool->master->stop == MASTER_STOPS)
        leave_stop(worker, "the server stops now");
    else if (pool->master->stop == MASTER_DRAINS)
        leave_drain(worker, "the server stops");
    else if (generation->state == GENERATION_LEAVING)
        leave_drain(worker, generation->has_failed ? "the reload failed" : "reloaded");
    else
        leave_drain(worker, "scaled down");
}

static void maintain_pool(struct pool *pool, int64_t now_ns)
{
    unsigned wanted = wanted_of(pool);

    for (unsigned i = 0; i < wanted; i++)
        fill_slot(pool, i, now_ns);
    for (unsigned i = wanted; i < pool->nslots; i++)
        clear_slot(pool, i);
}

static void maintain_worker(struct worker *worker, int64_t now_ns)
{
    int64_t hurry_ns = worker->pool->generation->hurry_ns;

    if (worker->state == WORKER_DRAINING && worker->pool->master->stop == MASTER_STOPS)
        leave_stop(worker, "the server stops now");
    else if (worker->state == WORKER_DRAINING && hurry_ns != 0 && hurry_ns < worker->deadline_ns)
        worker->deadline_ns = hurry_ns;
    if (worker->deadline_ns <= now_ns)
        leave_escalate(worker);
}

/* When there is something to do next, at the latest. */
static int64_t next_step_ns(const struct master *master)
{
    int64_t next = CLOCK_NEVER;

    list_for_each (&master->generations, node) {
        const struct generation *generation = list_entry(node, struct generation, node);

        for (size_t i = 0; i < generation->npools; i++) {
            const struct pool *pool = generation->pools[i];

            for (unsigned j = 0; j < wanted_of(pool); j++) {
                const struct slot *slot = &pool->slots[j];

                if (slot->worker == NULL && !slot->is_parked && !slot->is_done &&
                    slot->retry_ns < next)
                    next = slot->retry_ns;
            }
        }
    }
    list_for_each (&master->workers, node) {
        int64_t deadline = list_entry(node, struct worker, node)->deadline_ns;

        if (deadline < next)
            next = deadline;
    }
    return next;
}

static void arm_wake(struct master *master, int64_t now_ns)
{
    int64_t next = next_step_ns(master);

    ev_timer_stop(master->loop, &master->wake);
    if (next == CLOCK_NEVER)
        return;
    next = next > now_ns ? next - now_ns : 0;
    ev_timer_set(&master->wake, (double)next / (double)NS_PER_S + 0.001, 0.);
    ev_timer_start(master->loop, &master->wake);
}

static bool everything_is_done(const struct master *master)
{
    if (!list_is_empty(&master->workers))
        return false;
    for (size_t i = 0; i < master->current->npools; i++) {
        const struct pool *pool = master->current->pools[i];

        for (unsigned j = 0; j < wanted_of(pool); j++)
            if (!pool->slots[j].is_done)
                return false;
    }
    return true;
}

static void note_start(struct master *master)
{
    if (!generation_is_complete(master->current))
        return;
    master->has_started = true;
    notify_ready("generation %u serves", master->current->number);
    if (master->hooks->ready != NULL)
        master->hooks->ready(master, master->hooks->arg);
}

/* Those that have left are history. */
static void free_generations(struct master *master)
{
    list_for_each_safe (&master->generations, node) {
        struct generation *generation = list_entry(node, struct generation, node);

        if (generation->state != GENERATION_LEAVING || generation_has_workers(generation))
            continue;
        log_info("generation %u has left", generation->number);
        generation_free(generation);
    }
}

void supervisor_maintain(struct master *master)
{
    int64_t now = clock_now();

    list_for_each (&master->generations, node) {
        struct generation *generation = list_entry(node, struct generation, node);

        for (size_t i = 0; i < generation->npools; i++)
            maintain_pool(generation->pools[i], now);
    }
    list_for_each (&master->workers, node)
        maintain_worker(list_entry(node, struct worker, node), now);
    free_generations(master);
    reload_check(master);
    if (!master->has_started && master->stop == MASTER_SERVES)
        note_start(master);
    if ((master->stop != MASTER_SERVES || master->hooks->oneshot) && everything_is_done(master))
        ev_break(master->loop, EVBREAK_ALL);
    arm_wake(master, now);
}

int supervisor_scale(struct pool *pool, int64_t workers, char *error, size_t size)
{
    const struct config_pool *config = pool->config;
    int rc = -EINVAL;

    if (pool->master->stop != MASTER_SERVES) {
        snprintf(error, size, "the server is stopping");
        return -ESHUTDOWN;
    }
    if (pool->master->hooks->oneshot)
        snprintf(error, size, "pool %s: its work was dealt out to %u workers at the start",
                 config->name, pool->wanted);
    else if (workers < 1 || workers > SCALE_MAX)
        snprintf(error, size, "pool %s: expected 1 to %d workers, not %lld", config->name,
                 SCALE_MAX, (long long)workers);
    else if (config->reuse_port && workers < pool->wanted)
        snprintf(error, size,
                 "pool %s has reuse_port: each of its %u sockets needs its worker, so it can only "
                 "grow until the next restart",
                 config->name, pool->wanted);
    else
        rc = sockets_grow(&pool->sockets, (unsigned)workers, error, size);
    if (rc < 0)
        return rc;
    rc = pool_set_wanted(pool, (unsigned)workers);
    if (rc < 0)
        snprintf(error, size, "no memory for %lld slots", (long long)workers);
    else
        supervisor_maintain(pool->master);
    return rc;
}

void supervisor_order_all(struct master *master, enum order_type type, int64_t argument)
{
    struct order order = {.type = type, .argument = argument};

    list_for_each (&master->workers, node) {
        struct worker *worker = list_entry(node, struct worker, node);
        int rc = order_send(worker->order_fd, &order);

        if (rc < 0)
            log_warn("%s/%u (pid %d) missed an order: %s", worker->pool->config->name, worker->slot,
                     worker->pid, strerror(-rc));
    }
}
