/* SPDX-License-Identifier: MIT */
/*
 * Signals: TERM and QUIT drain, a second one stops; INT (Ctrl-C) drains at once, a second one
 * stops. HUP reloads, USR1 reopens the logs, TTIN and TTOU change the number of workers where there
 * is one pool. CHLD is libev's.
 */
#include "master/master.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/un.h>

#include "common/check.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/version.h"
#include "master/control.h"
#include "master/generation.h"
#include "master/hang.h"
#include "master/notify.h"
#include "master/pool.h"
#include "master/reload.h"
#include "master/supervisor.h"

#define TICK_S  0.5
#define TICK_NS (NS_PER_S / 2)

/* ---- stopping and failing ---- */

static void begin_stop(struct master *master, enum master_stop how)
{
    ev_timer_stop(master->loop, &master->grace);
    reload_cancel(master);
    master->stop = how;
    /* Closed here and by the workers, the sockets refuse clients instead of leaving them waiting.
     */
    for (size_t i = 0; i < master->current->npools; i++)
        master->current->pools[i]->is_last = true;
    generation_close(master->current);
    supervisor_maintain(master);
}

static void grace_is_over(struct ev_loop *loop, ev_timer *timer, int events)
{
    begin_stop(timer->data, MASTER_DRAINS);
}

bool master_is_leaving(const struct master *master)
{
    return master->stop != MASTER_SERVES || ev_is_active(&master->grace);
}

void master_stop(struct master *master, enum master_stop how, int64_t spread_ns, const char *why)
{
    int64_t grace_ns = master->current->config->supervision.drain_grace;

    if (how <= master->stop || (how == MASTER_DRAINS && master_is_leaving(master)))
        return;
    log_info("stopping%s: %s", how == MASTER_STOPS ? " now" : "", why);
    notify_stopping(why);
    master->drain_spread_ns = spread_ns;
    if (how == MASTER_STOPS || grace_ns == 0) {
        begin_stop(master, how);
        return;
    }
    /* Balancers that still send clients here have so long to learn of it from `status`. */
    ev_timer_init(&master->grace, grace_is_over, (double)grace_ns / NS_PER_S, 0.);
    master->grace.data = master;
    ev_timer_start(master->loop, &master->grace);
}

void master_failed(struct master *master, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(master->failure, sizeof(master->failure), format, args);
    va_end(args);
    master->failure_time = time(NULL);
    log_error("%s", master->failure);
}

/* ---- signals ---- */

static void scale_by(struct master *master, int change)
{
    struct pool *pool = master->current->pools[0];
    char error[POOL_TEXT_MAX];

    if (master->current->npools != 1)
        log_warn("there are %zu pools: use coppicectl scale POOL N", master->current->npools);
    else if (supervisor_scale(pool, (int64_t)pool->wanted + change, error, sizeof(error)) < 0)
        log_warn("%s", error);
    else
        log_info("pool %s: %u workers wanted", pool->config->name, pool->wanted);
}

void master_reopen_logs(struct master *master)
{
    int rc = log_reopen();

    if (rc < 0)
        log_error("cannot reopen the log: %s", strerror(-rc));
    supervisor_order_all(master, ORDER_LOG_REOPEN, 0);
    log_info("logs reopened");
}

static void stop_by_signal(struct master *master, int number)
{
    char why[32];
    int64_t spread = number == SIGINT ? 0 : master->current->config->supervision.drain_spread;

    snprintf(why, sizeof(why), "SIG%s", sigabbrev_np(number));
    master_stop(master, master_is_leaving(master) ? MASTER_STOPS : MASTER_DRAINS, spread, why);
}

static void signal_arrived(struct ev_loop *loop, ev_signal *watcher, int events)
{
    struct master *master = watcher->data;

    switch (watcher->signum) {
    case SIGTERM:
    case SIGQUIT:
    case SIGINT:
        stop_by_signal(master, watcher->signum);
        break;
    case SIGUSR1:
        master_reopen_logs(master);
        break;
    case SIGTTIN:
        scale_by(master, +1);
        break;
    case SIGTTOU:
        scale_by(master, -1);
        break;
    default:
        if (master_is_leaving(master))
            log_info("SIGHUP: no reload, the server is stopping");
        else
            (void)reload_request(master, "SIGHUP");
    }
}

static void start_signals(struct master *master)
{
    static const int numbers[MASTER_SIGNALS] = {SIGTERM, SIGQUIT, SIGINT, SIGHUP,
                                                SIGUSR1, SIGTTIN, SIGTTOU};

    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN);
    for (size_t i = 0; i < MASTER_SIGNALS; i++) {
        ev_signal_init(&master->signals[i], signal_arrived, numbers[i]);
        master->signals[i].data = master;
        ev_signal_start(master->loop, &master->signals[i]);
    }
}

/* One that comes after this stays pending, instead of ending the process with files left behind. */
static void stop_signals(struct master *master)
{
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < MASTER_SIGNALS; i++)
        sigaddset(&set, master->signals[i].signum);
    sigprocmask(SIG_BLOCK, &set, NULL);
    for (size_t i = 0; i < MASTER_SIGNALS; i++)
        ev_signal_stop(master->loop, &master->signals[i]);
}

/* ---- time ---- */

/* Keep a slice of every pool's totals for its quantiles. Without memory the older slices serve on.
 */
static void push_windows(struct master *master, int64_t now_ns)
{
    for (size_t i = 0; i < master->current->npools; i++) {
        struct pool *pool = master->current->pools[i];
        struct window *window = &pool->tally->window;

        if (now_ns - window->pushed_ns < WINDOW_SLICE_NS)
            continue;
        pool_totals(pool, master->scratch);
        (void)window_push(window, now_ns, master->scratch);
    }
}

/* The time of `loglevel L --for D` is over. */
static void restore_log_level(struct master *master, int64_t now_ns)
{
    if (master->log_level_until_ns == 0 || now_ns < master->log_level_until_ns)
        return;
    master->log_level_until_ns = 0;
    log_set_level((enum log_level)master->current->config->log.level);
    supervisor_order_all(master, ORDER_LOG_LEVEL, (int64_t)master->current->config->log.level);
}

static void ticked(struct ev_loop *loop, ev_timer *timer, int events)
{
    struct master *master = timer->data;
    int64_t now = clock_now();
    bool is_after_gap = now - master->tick_ns > 2 * TICK_NS;

    master->tick_ns = now;
    /* After a gap the next tick would be due at once, before the workers had a chance to beat. */
    if (is_after_gap)
        ev_timer_again(loop, timer);
    else
        hang_check(master, now);
    push_windows(master, now);
    restore_log_level(master, now);
    if (master->hooks->tick != NULL)
        master->hooks->tick(master, master->hooks->arg);
    if (master->control != NULL)
        control_tick(master->control);
    supervisor_maintain(master);
}

static void woken(struct ev_loop *loop, ev_timer *timer, int events)
{
    supervisor_maintain(timer->data);
}

static void start_timers(struct master *master)
{
    master->tick_ns = clock_now();
    ev_timer_init(&master->wake, woken, 0., 0.);
    master->wake.data = master;
    ev_timer_init(&master->tick, ticked, TICK_S, TICK_S);
    master->tick.data = master;
    ev_timer_start(master->loop, &master->tick);
}

static void stop_timers(struct master *master)
{
    ev_timer_stop(master->loop, &master->tick);
    ev_timer_stop(master->loop, &master->wake);
    ev_timer_stop(master->loop, &master->grace);
}

/* ---- start and end ---- */

/* Every connection is a descriptor. */
void master_raise_open_files(const struct config *config)
{
    struct rlimit limit;
    rlim_t wanted;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    wanted = config->limits.open_files != 0 ? config->limits.open_files : limit.rlim_max;
    limit.rlim_cur = wanted;
    if (wanted > limit.rlim_max)
        limit.rlim_max = wanted;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
        log_warn("cannot raise the number of open files to %llu: %s", (unsigned long long)wanted,
                 strerror(errno));
}

static int open_pools(struct master *master)
{
    char error[POOL_TEXT_MAX];
    int rc = generation_open(master->current, error, sizeof(error));

    if (rc < 0)
        log_error("%s", error);
    return rc;
}

static int open_control(struct master *master)
{
    const struct config_control *config = &master->current->config->control;
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)], error[POOL_TEXT_MAX];
    int rc = config_control_path(config->socket, path, sizeof(path));

    if (rc == -ENOENT)
        return 0;
    if (rc == 0)
        rc = control_open(master, path, &master->control, error, sizeof(error));
    else
        snprintf(error, sizeof(error), "%s", strerror(-rc));
    if (rc < 0)
        log_error("control socket: %s", error);
    return rc;
}

static int open_master(struct master *master, struct config *config)
{
    int rc;

    list_init(&master->generations);
    list_init(&master->workers);
    list_init(&master->listeners);
    list_init(&master->inquiries);
    master->current = generation_new(master, config);
    if (master->current == NULL)
        return -ENOMEM;
    list_push_back(&master->generations, &master->current->node);
    master->current->state = GENERATION_SERVING;
    master_raise_open_files(master->current->config);
    master->loop = ev_default_loop(EVFLAG_AUTO);
    if (master->loop == NULL)
        return -ENOSYS;
    master->scratch = metrics_new();
    if (master->scratch == NULL)
        return -ENOMEM;
    rc = open_pools(master);
    if (rc == 0)
        rc = reload_open(master);
    return rc < 0 ? rc : open_control(master);
}

static void close_master(struct master *master)
{
    control_close(master->control);
    reload_close(master);
    list_for_each_safe (&master->generations, node)
        generation_free(list_entry(node, struct generation, node));
    metrics_free(master->scratch);
    if (master->loop != NULL)
        ev_loop_destroy(master->loop);
}

static void serve(struct master *master)
{
    start_signals(master);
    start_timers(master);
    supervisor_maintain(master);
    ev_run(master->loop, 0);
    if (master->hooks->finish != NULL)
        master->hooks->finish(master, master->hooks->arg);
    stop_timers(master);
    stop_signals(master);
}

int master_run(struct config *config, worker_main_fn run_worker, const struct master_hooks *hooks)
{
    static const struct master_hooks none;
    struct master master = {
        .hooks = hooks != NULL ? hooks : &none,
        .run_worker = run_worker,
        .started_ns = clock_now(),
    };
    int rc = open_master(&master, config);

    if (rc < 0) {
        log_error("cannot start: %s", strerror(-rc));
        master.exit_code = EXIT_CANNOT_START;
    } else {
        serve(&master);
        log_info("stopped");
    }
    close_master(&master);
    return master.exit_code;
}

/* ---- totals ---- */

void master_totals(struct master *master, struct metrics *into)
{
    metrics_clear(into);
    for (size_t i = 0; i < master->current->npools; i++) {
        pool_totals(master->current->pools[i], master->scratch);
        metrics_merge(into, master->scratch);
    }
}

int64_t master_stale_ns(const struct master *master)
{
    return 3 * master->current->config->supervision.report_interval + NS_PER_S;
}
