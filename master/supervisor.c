/* SPDX-License-Identifier: MIT */
/*
 * A worker goes through starting -> ready -> draining -> stopping -> killed, and may skip; a hung
 * one goes through aborting. Each state but ready has a deadline, after which the next harsher step
 * follows:
 *
 *   starting   start_timeout   KILL; its slot tries again
 *   draining   drain_timeout   ORDER_STOP
 *   stopping   kill_timeout    KILL
 *   aborting   hang_grace      KILL
 *
 * What becomes of the slot of a worker that died is decided in demise.c; who hangs, in hang.c.
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
#include "master/inquiry.h"
#include "master/spawn.h"

/* More processes than this is a typing error. */
#define SCALE_MAX 1024

static const struct config_supervision *times(const struct worker *worker)
{
    return &worker->pool->master->config->supervision;
}

static struct slot *slot_of(const struct worker *worker)
{
    struct slot *slot = &worker->pool->slots[worker->slot];

    return slot->worker == worker ? slot : NULL;
}

/* ---- asking a worker to leave ---- */

static void say_why(struct worker *worker, const char *why)
{
    if (worker->why[0] == 0)
        snprintf(worker->why, sizeof(worker->why), "%s", why);
}

/* A full channel or a broken one: a signal says the same. */
static void order_or_signal(struct worker *worker, enum order_type type, int64_t argument,
                            int signal_number)
{
    struct order order = {.type = type, .argument = argument};

    if (order_send(worker->order_fd, &order) < 0)
        (void)kill(worker->pid, signal_number);
}

static void ask_to_drain(struct worker *worker, const char *why)
{
    struct master *master = worker->pool->master;
    const struct config_supervision *config = times(worker);

    say_why(worker, why);
    worker->state = WORKER_DRAINING;
    worker->deadline_ns = clock_add(clock_now(), config->drain_timeout);
    order_or_signal(worker, ORDER_DRAIN,
                    master->stop == MASTER_SERVES ? config->drain_spread : master->drain_spread_ns,
                    SIGQUIT);
}

static void ask_to_stop(struct worker *worker, const char *why)
{
    say_why(worker, why);
    worker->state = WORKER_STOPPING;
    worker->deadline_ns = clock_add(clock_now(), times(worker)->kill_timeout);
    order_or_signal(worker, ORDER_STOP, 0, SIGTERM);
}

static void kill_worker(struct worker *worker, const char *why)
{
    say_why(worker, why);
    worker->state = WORKER_KILLED;
    worker->deadline_ns = CLOCK_NEVER;
    (void)kill(worker->pid, SIGKILL);
}

void supervisor_abort(struct worker *worker)
{
    say_why(worker, "it hung");
    worker->state = WORKER_ABORTING;
    worker->deadline_ns = clock_add(clock_now(), times(worker)->hang_grace);
    (void)kill(worker->pid, SIGABRT);
}

/* The step after a state's deadline. */
static void escalate(struct worker *worker)
{
    char name[POOL_NAME_MAX];

    pool_print_worker(worker, name, sizeof(name));
    switch (worker->state) {
    case WORKER_STARTING:
        log_error("%s (pid %d) is not ready after start_timeout: killing it", name, worker->pid);
        kill_worker(worker, "it was not ready in time");
        break;
    case WORKER_DRAINING:
        log_warn("%s (pid %d) has not drained after drain_timeout: stopping it", name, worker->pid);
        ask_to_stop(worker, "drain_timeout");
        break;
    case WORKER_STOPPING:
    case WORKER_ABORTING:
        log_warn("%s (pid %d) does not leave: killing it", name, worker->pid);
        kill_worker(worker, "kill_timeout");
        break;
    case WORKER_READY:
    case WORKER_KILLED:
        break;
    }
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
    collector_retire(&worker->collected, pool->retired);
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
        kill_worker(worker, "it sent what is no report");
        return;
    }
    if (worker->state == WORKER_STARTING && worker->collected.is_ready)
        become_ready(worker);
}

static int start_worker(struct pool *pool, unsigned index)
{
    struct master *master = pool->master;
    struct slot *slot = &pool->slots[index];
    struct worker *worker;
    char name[POOL_NAME_MAX];
    int rc = spawn_worker(pool, index, &worker);

    if (rc < 0)
        return rc;
    slot->worker = worker;
    list_push_back(&pool->workers, &worker->node);
    worker->deadline_ns = times(worker)->start_timeout == 0
                              ? CLOCK_NEVER
                              : clock_add(worker->started_ns, times(worker)->start_timeout);
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

static void fill_slot(struct pool *pool, unsigned index, int64_t now_ns)
{
    struct slot *slot = &pool->slots[index];
    int rc;

    if (slot->worker != NULL || slot->is_parked || slot->is_done || slot->retry_ns > now_ns)
        return;
    rc = start_worker(pool, index);
    if (rc < 0) {
        slot->retry_ns = now_ns + NS_PER_S;
        master_failed(pool->master, "%s/%u: cannot fork: %s; next try in 1 s", pool->config->name,
                      index, strerror(-rc));
    }
}

/* Take the slot's worker out of it and let it go. One that is about to be killed anyway just goes.
 */
static void clear_slot(struct pool *pool, unsigned index)
{
    struct worker *worker = pool->slots[index].worker;
    enum master_stop stop = pool->master->stop;

    if (worker == NULL)
        return;
    pool->slots[index].worker = NULL;
    if (worker->state > WORKER_DRAINING)
        return;
    if (stop == MASTER_STOPS)
        ask_to_stop(worker, "the server stops now");
    else
        ask_to_drain(worker, stop == MASTER_SERVES ? "scaled down" : "the server stops");
}

static void maintain_pool(struct pool *pool, int64_t now_ns)
{
    struct master *master = pool->master;
    unsigned wanted = master->stop == MASTER_SERVES ? pool->wanted : 0;

    for (unsigned i = 0; i < wanted; i++)
        fill_slot(pool, i, now_ns);
    for (unsigned i = wanted; i < pool->nslots; i++)
        clear_slot(pool, i);
    list_for_each (&pool->workers, node) {
        struct worker *worker = list_entry(node, struct worker, node);

        if (master->stop == MASTER_STOPS && worker->state == WORKER_DRAINING)
            ask_to_stop(worker, "the server stops now");
        if (worker->deadline_ns <= now_ns)
            escalate(worker);
    }
}

/* When there is something to do next, at the latest. */
static int64_t next_step_ns(const struct pool *pool)
{
    int64_t next = CLOCK_NEVER;

    for (unsigned i = 0; pool->master->stop == MASTER_SERVES && i < pool->wanted; i++) {
        const struct slot *slot = &pool->slots[i];

        if (slot->worker == NULL && !slot->is_parked && !slot->is_done && slot->retry_ns < next)
            next = slot->retry_ns;
    }
    list_for_each (&pool->workers, node) {
        int64_t deadline = list_entry(node, struct worker, node)->deadline_ns;

        if (deadline < next)
            next = deadline;
    }
    return next;
}

static void arm_wake(struct master *master, int64_t now_ns)
{
    int64_t next = CLOCK_NEVER;

    for (size_t i = 0; i < master->npools; i++) {
        int64_t step = next_step_ns(master->pools[i]);

        if (step < next)
            next = step;
    }
    ev_timer_stop(master->loop, &master->wake);
    if (next == CLOCK_NEVER)
        return;
    next = next > now_ns ? next - now_ns : 0;
    ev_timer_set(&master->wake, (double)next / (double)NS_PER_S + 0.001, 0.);
    ev_timer_start(master->loop, &master->wake);
}

static bool everything_is_done(const struct master *master)
{
    for (size_t i = 0; i < master->npools; i++) {
        const struct pool *pool = master->pools[i];

        if (!list_is_empty(&pool->workers))
            return false;
        for (unsigned j = 0; master->stop == MASTER_SERVES && j < pool->wanted; j++)
            if (!pool->slots[j].is_done)
                return false;
    }
    return true;
}

static void note_start(struct master *master)
{
    for (size_t i = 0; i < master->npools; i++)
        if (!pool_is_complete(master->pools[i]))
            return;
    master->has_started = true;
    if (master->hooks->ready != NULL)
        master->hooks->ready(master, master->hooks->arg);
}

void supervisor_maintain(struct master *master)
{
    int64_t now = clock_now();

    for (size_t i = 0; i < master->npools; i++)
        maintain_pool(master->pools[i], now);
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
    if (workers < 1 || workers > SCALE_MAX)
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

    for (size_t i = 0; i < master->npools; i++) {
        list_for_each (&master->pools[i]->workers, node) {
            struct worker *worker = list_entry(node, struct worker, node);
            int rc = order_send(worker->order_fd, &order);

            if (rc < 0)
                log_warn("%s/%u (pid %d) missed an order: %s", worker->pool->config->name,
                         worker->slot, worker->pid, strerror(-rc));
        }
    }
}
