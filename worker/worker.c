/* SPDX-License-Identifier: MIT */
/*
 * worker.c - a worker's life, from the fork to its exit code.
 *
 * The main thread has a loop: orders and signals come in there, reports go out. Under a model of
 * tasks it is also the first serving loop; blocking threads serve beside it. The end comes in
 * steps: drain (an order, SIGQUIT, the master's death), cut (an order, SIGTERM, the deadline of an
 * orphan), and when every serving has left, the last report.
 */
#include "worker/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/check.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/order.h"
#include "worker/app/app_resolve.h"
#include "worker/http/access_log.h"
#include "worker/http/access_output.h"
#include "worker/http/slow_requests.h"
#include "worker/reporter.h"
#include "worker/serving.h"
#include "worker/stream/sigpipe.h"
#include "worker/survey.h"
#include "worker/sync/signals.h"
#include "worker/task/exception.h"
#include "worker/task/io.h"
#include "worker/task/overflow.h"
#include "worker/task/postmortem.h"
#include "worker/task/watchdog.h"

/* A worker whose master is gone answers what is in flight, but not for long. */
#define ORPHAN_DRAIN_NS (5 * NS_PER_S)

/* How often a drain is pushed on. */
#define PUSH_INTERVAL_NS (50 * NS_PER_MS)

struct worker {
    const struct heritage *heritage;
    const struct cop_app *app;
    struct cop_loop *loop;
    struct serving *servings;
    size_t nservings;
    size_t nstarted;
    size_t nleft;
    struct reporter reporter;
    struct survey *survey;
    struct watchdog *watchdog;           /* NULL: slow_task is 0, or a blocking model */
    struct slow_requests *slow_requests; /* of blocking threads; NULL otherwise */
    struct loop_ticker *report_ticker;
    struct loop_ticker *push_ticker;
    struct io orders;
    struct io signals;
    int signal_fd;
    bool failed;
    bool draining;
    bool cutting;
    bool is_last;    /* nobody accepts after us */
    bool has_closed; /* the listening sockets */
    int64_t spread_ns;
    int64_t cut_at;
    int exit_code;
};

/* Where no other worker listens, clients that come from now on are refused, instead of waiting for
 * nobody. */
static void close_sockets(struct worker *worker)
{
    const struct heritage *heritage = worker->heritage;

    if (worker->has_closed)
        return;
    for (size_t i = 0; i < worker->nservings; i++)
        if (!serving_has_closed(&worker->servings[i]))
            return;
    worker->has_closed = true;
    for (size_t i = 0; i < heritage->nsockets; i++)
        close(heritage->sockets[i].fd);
}

static void push(void *arg, int64_t late_ns)
{
    struct worker *worker = arg;

    if (clock_now() >= worker->cut_at)
        worker->cutting = true;
    for (size_t i = 0; i < worker->nservings; i++) {
        serving_drain(&worker->servings[i], worker->spread_ns, worker->is_last);
        if (worker->cutting)
            serving_cut(&worker->servings[i]);
    }
    close_sockets(worker);
}

static void drain(struct worker *worker, int64_t spread_ns, int64_t cut_at, bool is_last)
{
    if (!worker->draining) {
        worker->draining = true;
        worker->is_last = is_last;
        worker->spread_ns = spread_ns;
        worker->cut_at = cut_at;
        worker->push_ticker = loop_ticker_new(worker->loop, PUSH_INTERVAL_NS, push, worker);
        CHECK(worker->push_ticker);
    }
    if (cut_at < worker->cut_at)
        worker->cut_at = cut_at;
    push(worker, 0);
}

/* Is the main loop a serving loop too? */
static bool serves_here(const struct worker *worker)
{
    return worker->heritage->pool->tasks > 1 || worker->app->run;
}

/* A blocking thread holds nobody up but its own connection; its slot says so. */
static int start_watchdog(struct worker *worker)
{
    int64_t limit = worker->heritage->pool->slow_task;

    return limit > 0 && serves_here(worker)
               ? watchdog_start(&worker->watchdog, limit, worker->app->name)
               : 0;
}

static void reopen_log(struct worker *worker)
{
    watchdog_stop(worker->watchdog);
    worker->watchdog = NULL;
    if (log_reopen() < 0 || access_output_reopen() < 0)
        log_warn("a log file could not be opened anew; the old one is kept");
    if (start_watchdog(worker) < 0)
        log_warn("there is no memory for the watchdog: a task that holds its loop is not told");
}

static void obey(struct worker *worker, const struct order *order)
{
    switch (order->type) {
    case ORDER_DRAIN:
        drain(worker, order->argument, CLOCK_NEVER, order->flags & ORDER_FLAG_LAST);
        break;
    case ORDER_STOP:
        drain(worker, 0, 0, false);
        break;
    case ORDER_LOG_LEVEL:
        log_set_level((enum log_level)order->argument);
        break;
    case ORDER_LOG_REOPEN:
        reopen_log(worker);
        break;
    case ORDER_TASKS:
    case ORDER_DUMP:
    case ORDER_PROFILE:
        survey_answer(worker->survey, order);
        break;
    default:
        log_warn("order %u is not known to this version", order->type);
        break;
    }
}

static void orders_came(struct io *io)
{
    struct worker *worker = list_entry(io, struct worker, orders);
    struct order order;
    int rc;

    while ((rc = order_receive(io->fd, &order)) == 1)
        obey(worker, &order);
    if (rc == 0)
        return;
    io_fini(io);
    log_warn("the master is gone; leaving");
    drain(worker, 0, clock_now() + ORPHAN_DRAIN_NS, true);
}

static void signals_came(struct io *io)
{
    struct worker *worker = list_entry(io, struct worker, signals);
    struct signalfd_siginfo info;

    while (read(io->fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        bool is_orphan = getppid() != worker->heritage->master;

        if (info.ssi_signo == SIGQUIT)
            drain(worker, 0, CLOCK_NEVER, false);
        else
            drain(worker, 0, is_orphan ? clock_now() + ORPHAN_DRAIN_NS : 0, is_orphan);
    }
}

/* Before any thread starts, so that they all inherit the mask. Returns a signalfd or -errno. */
static int open_signals(void)
{
    sigset_t set, owned;
    int fd;

    /* Ctrl-C reaches the whole foreground group; the master decides what it means. */
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    sigpipe_ignore();
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGQUIT);
    owned = set;
    sigaddset(&owned, SIGUSR2);
    sigaddset(&owned, HERITAGE_ORPHAN_SIGNAL);
    CHECK(signals_claim(&owned) == 0);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return -errno;
    fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static void report(void *arg, int64_t late_ns)
{
    struct worker *worker = arg;

    reporter_send(&worker->reporter);
}

static void started(struct serving *serving)
{
    struct worker *worker = serving->worker;
    char example[APP_EXAMPLE_MAX];

    worker->nstarted++;
    if (serving->result < 0 && !worker->failed) {
        worker->failed = true;
        worker->exit_code = EXIT_CANNOT_START;
        reporter_fatal(&worker->reporter, serving->error);
        loop_stop(worker->loop);
    }
    if (worker->nstarted == worker->nservings && !worker->failed) {
        reporter_ready(&worker->reporter, app_print_example(worker->app, example));
        reporter_send(&worker->reporter);
    }
}

static void left(struct serving *serving)
{
    struct worker *worker = serving->worker;

    if (serving->result < 0)
        worker->exit_code = 1;
    if (++worker->nleft == worker->nservings)
        loop_stop(worker->loop);
}

static int make_servings(struct worker *worker)
{
    size_t n = worker->heritage->pool->threads;

    worker->servings = calloc(n, sizeof(*worker->servings));
    if (!worker->servings)
        return -ENOMEM;
    worker->nservings = n;
    for (size_t i = 0; i < n; i++) {
        worker->servings[i] = (struct serving){.heritage = worker->heritage,
                                               .app = worker->app,
                                               .beat = &worker->heritage->beats[i],
                                               .metrics = worker->heritage->metrics[i],
                                               .main_loop = worker->loop,
                                               .on_started = started,
                                               .on_left = left,
                                               .worker = worker};
        beat_set_state(worker->servings[i].beat, BEAT_STARTING);
    }
    return reporter_init(&worker->reporter, worker->heritage, n);
}

static int start_servings(struct worker *worker)
{
    bool here = serves_here(worker);

    for (size_t i = here ? 1 : 0; i < worker->nservings; i++) {
        int rc = serving_start_thread(&worker->servings[i]);

        if (rc < 0)
            return rc;
    }
    if (here)
        serving_start_here(&worker->servings[0], worker->loop);
    return 0;
}

/* Say why on the pipe, so that `coppicectl status` knows too. */
static int cannot_start(struct worker *worker, const char *why)
{
    struct report_writer writer = {.fd = worker->heritage->report_fd,
                                   .generation = worker->heritage->generation};

    (void)report_send_fatal(&writer, why);
    return EXIT_CANNOT_START;
}

static int start(struct worker *worker)
{
    const struct heritage *heritage = worker->heritage;
    struct loop_options options = {.stack_size = heritage->pool->stack_size,
                                   .debug = heritage->pool->debug};
    int rc;

    worker->signal_fd = open_signals();
    if (worker->signal_fd < 0)
        return worker->signal_fd;
    if (serves_here(worker)) {
        options.metrics = heritage->metrics[0];
        options.beat = &heritage->beats[0];
    }
    postmortem_install();
    overflow_set_app(worker->app->name);
    worker->loop = loop_new(&options);
    if (!worker->loop)
        return -ENOMEM;
    rc = make_servings(worker);
    if (rc < 0)
        return rc;
    worker->survey =
        survey_start(worker->loop, worker->servings, worker->nservings, heritage->order_fd);
    if (!worker->survey)
        return -ENOMEM;
    reporter_hello(&worker->reporter);
    io_init(&worker->orders, heritage->order_fd, orders_came);
    io_watch(&worker->orders);
    io_init(&worker->signals, worker->signal_fd, signals_came);
    io_watch(&worker->signals);
    worker->report_ticker = loop_ticker_new(
        worker->loop, heritage->config->supervision.report_interval, report, worker);
    if (!worker->report_ticker)
        return -ENOMEM;
    rc = start_watchdog(worker);
    if (rc == 0 && heritage->pool->slow_request > 0 && !serves_here(worker)) {
        worker->slow_requests = slow_requests_start_blocking(worker->loop, heritage->pool);
        rc = worker->slow_requests ? 0 : -ENOMEM;
    }
    return rc < 0 ? rc : start_servings(worker);
}

static void finish(struct worker *worker)
{
    reporter_bye(&worker->reporter);
    for (size_t i = 0; i < worker->nservings; i++)
        serving_fini(&worker->servings[i]);
    watchdog_stop(worker->watchdog);
    slow_requests_stop(worker->slow_requests);
    survey_stop(worker->survey);
    loop_ticker_free(worker->report_ticker);
    loop_ticker_free(worker->push_ticker);
    io_fini(&worker->orders);
    io_fini(&worker->signals);
    close(worker->signal_fd);
    reporter_fini(&worker->reporter);
    loop_free(worker->loop);
    free(worker->servings);
}

static void log_exception(const struct cop_exception *exception)
{
    char text[512];

    (void)cop_exception_print(exception, text, sizeof(text));
    log_warn("%s", text);
}

int worker_main(const struct heritage *heritage)
{
    struct worker worker = {.heritage = heritage, .cut_at = CLOCK_NEVER};
    char why[256];
    int rc;

    exception_set_default(log_exception);
    rc = app_resolve(heritage->pool, heritage->config->path, &worker.app, why, sizeof(why));
    if (rc < 0)
        return cannot_start(&worker, why);
    rc = access_output_open(heritage->pool->access_log);
    if (rc < 0) {
        snprintf(why, sizeof(why), "pool %s: access_log %.150s: %s", heritage->pool->name,
                 heritage->pool->access_log, strerror(-rc));
        return cannot_start(&worker, why);
    }
    access_log_set_worker(heritage->slot);
    rc = start(&worker);
    if (rc < 0) {
        snprintf(why, sizeof(why), "pool %s: cannot start: %s", heritage->pool->name,
                 strerror(-rc));
        return cannot_start(&worker, why);
    }
    if (!worker.failed)
        (void)loop_run(worker.loop);
    if (worker.failed)
        return worker.exit_code;
    finish(&worker);
    return worker.exit_code;
}
