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
 */
#include "master/leave.h"

#include <signal.h>
#include <stdio.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/order.h"
#include "master/generation.h"

static const struct config_supervision *times(const struct worker *worker)
{
    return &worker->pool->generation->config->supervision;
}

static void say_why(struct worker *worker, const char *why)
{
    if (worker->why[0] == 0)
        snprintf(worker->why, sizeof(worker->why), "%s", why);
}

/* A full channel or a broken one: a signal says the same. */
static void order_or_signal(struct worker *worker, const struct order *order, int signal_number)
{
    if (order_send(worker->order_fd, order) < 0)
        (void)kill(worker->pid, signal_number);
}

void leave_drain(struct worker *worker, const char *why)
{
    struct master *master = worker->pool->master;
    const struct config_supervision *config = times(worker);
    struct order order = {.type = ORDER_DRAIN};

    say_why(worker, why);
    worker->state = WORKER_DRAINING;
    worker->deadline_ns = clock_add(clock_now(), config->drain_timeout);
    order.argument = master->stop == MASTER_SERVES ? config->drain_spread : master->drain_spread_ns;
    order.flags = worker->pool->is_last ? ORDER_FLAG_LAST : 0;
    order_or_signal(worker, &order, SIGQUIT);
}

void leave_stop(struct worker *worker, const char *why)
{
    static const struct order order = {.type = ORDER_STOP};

    say_why(worker, why);
    worker->state = WORKER_STOPPING;
    worker->deadline_ns = clock_add(clock_now(), times(worker)->kill_timeout);
    order_or_signal(worker, &order, SIGTERM);
}

void leave_now(struct worker *worker, const char *why)
{
    say_why(worker, why);
    worker->state = WORKER_KILLED;
    worker->deadline_ns = CLOCK_NEVER;
    (void)kill(worker->pid, SIGKILL);
}

void leave_abort(struct worker *worker)
{
    say_why(worker, "it hung");
    worker->state = WORKER_ABORTING;
    worker->deadline_ns = clock_add(clock_now(), times(worker)->hang_grace);
    (void)kill(worker->pid, SIGABRT);
}

void leave_escalate(struct worker *worker)
{
    char name[POOL_NAME_MAX];

    pool_print_worker(worker, name, sizeof(name));
    switch (worker->state) {
    case WORKER_STARTING:
        log_error("%s (pid %d) is not ready after start_timeout: killing it", name, worker->pid);
        if (worker->pool->generation->state == GENERATION_STARTING)
            generation_fail(worker->pool->generation, "%s is not ready after start_timeout (%g s)",
                            name, (double)times(worker)->start_timeout / (double)NS_PER_S);
        leave_now(worker, "it was not ready in time");
        break;
    case WORKER_DRAINING:
        log_warn("%s (pid %d) has not drained in time: stopping it", name, worker->pid);
        leave_stop(worker, "drain_timeout");
        break;
    case WORKER_STOPPING:
    case WORKER_ABORTING:
        log_warn("%s (pid %d) does not leave: killing it", name, worker->pid);
        leave_now(worker, "kill_timeout");
        break;
    case WORKER_READY:
    case WORKER_KILLED:
        break;
    }
}
