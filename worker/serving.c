/* SPDX-License-Identifier: MIT */
#include "worker/serving.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/check.h"
#include "common/clock.h"
#include "common/connection_limit.h"
#include "worker/http/slow_requests.h"
#include "worker/model/model.h"
#include "worker/task/sched.h"

/* Ends the waits of a blocking thread; its handler does nothing. */
#define INTERRUPT_SIGNAL SIGUSR2

static const struct config_pool *pool_of(const struct serving *serving)
{
    return serving->heritage->pool;
}

static bool is_blocking(const struct serving *serving)
{
    return pool_of(serving)->tasks == 1 && !serving->app->run;
}

/* Tell the main thread, which may be this one. */
static void tell(struct serving *serving, struct loop_message *message)
{
    if (serving->on_main)
        message->fn(message);
    else
        loop_post(serving->main_loop, message);
}

static void was_started(struct loop_message *message)
{
    struct serving *serving = list_entry(message, struct serving, started);

    serving->is_started = true;
    serving->on_started(serving);
}

static void has_left(struct loop_message *message)
{
    struct serving *serving = list_entry(message, struct serving, left);

    serving->is_left = true;
    serving->on_left(serving);
}

static int start_app(struct serving *serving)
{
    const struct config_pool *pool = pool_of(serving);

    serving->service.first_byte_timeout = clock_timeout(pool->first_byte_timeout);
    serving->service.keepalive_timeout = clock_timeout(pool->keepalive_timeout);
    serving->service.write_timeout = clock_timeout(pool->write_timeout);
    return app_instance_start(serving->app, pool, is_blocking(serving), &serving->service,
                              &serving->instance, serving->error, sizeof(serving->error));
}

static void fail(struct serving *serving, int result, const char *what)
{
    serving->result = result;
    if (!serving->error[0])
        snprintf(serving->error, sizeof(serving->error), "%s: %s", what, strerror(-result));
}

/* ---- a loop of tasks ---- */

static void tick(void *arg, int64_t late_ns)
{
    struct serving *serving = arg;
    size_t ready;
    size_t ntasks = loop_tasks(serving->loop, &ready);
    struct metrics *metrics = serving->metrics;

    model_tasks_tick(serving->model);
    histogram_record(&metrics->histogram[HISTOGRAM_loop_lag], late_ns);
    metric_set(metrics, METRIC_tasks, ntasks);
    metric_set(metrics, METRIC_stack_bytes, loop_stack_bytes(serving->loop));
    /* What held the loop, if anything did, does so no more. */
    if (serving->beat->view.task_since_ns != 0)
        beat_task_stop(serving->beat);
    beat_tick(serving->beat, clock_now(), late_ns,
              (uint32_t)metric_get(metrics, METRIC_connections), (uint32_t)ntasks, (uint32_t)ready);
}

static void loop_left(void *arg)
{
    struct serving *serving = arg;

    beat_set_state(serving->beat, BEAT_LEAVING);
    if (!serving->on_main)
        loop_stop(serving->loop);
    tell(serving, &serving->left);
}

/* No connection is left: nor may a task of the app be. */
static void connections_left(void *arg)
{
    struct serving *serving = arg;

    app_instance_leave(serving->instance, loop_left, serving);
}

static int run_app(void *arg)
{
    struct serving *serving = arg;

    serving->result = app_instance_run(serving->instance);
    loop_left(serving);
    return 0;
}

/* A message that was under way when the loop left comes at the loop's end: nothing is left to do.
 */
static bool is_over(const struct serving *serving)
{
    return !serving->model;
}

static void drain_loop(struct loop_message *message)
{
    struct serving *serving = list_entry(message, struct serving, drain);

    if (is_over(serving))
        return;
    if (serving->app->run)
        loop_cancel_all(serving->loop);
    else
        model_tasks_drain(serving->model, serving->spread_ns, connections_left, serving);
    atomic_store(&serving->has_closed, true);
    /* With nobody connected it has left already. */
    if (serving->beat->view.state < BEAT_DRAINING)
        beat_set_state(serving->beat, BEAT_DRAINING);
}

static void cut_loop(struct loop_message *message)
{
    struct serving *serving = list_entry(message, struct serving, cut);

    if (is_over(serving))
        return;
    if (serving->app->run)
        loop_cancel_all(serving->loop);
    else
        model_tasks_cut(serving->model);
}

static int start_on_loop(struct serving *serving)
{
    const struct heritage *heritage = serving->heritage;
    struct model_options options = {.sockets = heritage->sockets,
                                    .nsockets = heritage->nsockets,
                                    .tasks = connection_limit(pool_of(serving)),
                                    .service = &serving->service};
    int rc = start_app(serving);

    if (rc < 0)
        return rc;
    serving->model = model_tasks_start(serving->loop, &options);
    serving->ticker =
        loop_ticker_new(serving->loop, heritage->config->supervision.beat_interval, tick, serving);
    if (!serving->model || !serving->ticker)
        return -ENOMEM;
    if (pool_of(serving)->slow_request > 0) {
        serving->slow_requests = slow_requests_start(serving->loop, pool_of(serving));
        if (!serving->slow_requests)
            return -ENOMEM;
    }
    if (serving->app->run && loop_spawn(serving->loop, run_app, serving) < 0)
        return -ENOMEM;
    tick(serving, 0);
    beat_set_state(serving->beat, BEAT_READY);
    return 0;
}

static void stop_on_loop(struct serving *serving)
{
    slow_requests_stop(serving->slow_requests);
    loop_ticker_free(serving->ticker);
    model_tasks_free(serving->model);
    serving->model = NULL;
    app_instance_stop(serving->instance);
}

void serving_start_here(struct serving *serving, struct cop_loop *loop)
{
    int rc;

    serving->started.fn = was_started;
    serving->left.fn = has_left;
    serving->on_main = true;
    serving->loop = loop;
    rc = start_on_loop(serving);
    if (rc < 0)
        fail(serving, rc, "start");
    was_started(&serving->started);
}

/* The main thread may be posting just now, or want to later. */
static void become_deaf(struct serving *serving)
{
    pthread_mutex_lock(&serving->posting);
    serving->is_deaf = true;
    pthread_mutex_unlock(&serving->posting);
}

static void *run_loop_thread(void *arg)
{
    struct serving *serving = arg;
    struct loop_options options = {.stack_size = pool_of(serving)->stack_size,
                                   .debug = pool_of(serving)->debug,
                                   .metrics = serving->metrics,
                                   .beat = serving->beat};
    int rc;

    serving->loop = loop_new(&options);
    rc = serving->loop ? start_on_loop(serving) : -ENOMEM;
    if (rc < 0)
        fail(serving, rc, "start");
    tell(serving, &serving->started);
    if (rc == 0) {
        (void)loop_run(serving->loop);
        stop_on_loop(serving);
        become_deaf(serving);
        loop_free(serving->loop);
    }
    return NULL;
}

/* ---- a blocking thread ---- */

static void *run_blocking_thread(void *arg)
{
    struct serving *serving = arg;
    const struct heritage *heritage = serving->heritage;
    struct model_options model = {.sockets = heritage->sockets,
                                  .nsockets = heritage->nsockets,
                                  .tasks = 1,
                                  .service = &serving->service};
    struct loop_options options = {.stack_size = pool_of(serving)->stack_size,
                                   .blocking = true,
                                   .debug = pool_of(serving)->debug,
                                   .interrupt = &serving->interrupt,
                                   .idle_until = &serving->idle_until,
                                   .metrics = serving->metrics,
                                   .beat = serving->beat};
    int rc;

    serving->loop = loop_new(&options);
    rc = serving->loop ? start_app(serving) : -ENOMEM;
    if (rc < 0)
        fail(serving, rc, "start");
    else
        beat_set_state(serving->beat, BEAT_READY);
    tell(serving, &serving->started);
    if (rc == 0) {
        model_blocking_run(serving->loop, &model);
        atomic_store(&serving->has_closed, true);
        beat_set_state(serving->beat, BEAT_LEAVING);
        app_instance_stop(serving->instance);
        loop_free(serving->loop);
        tell(serving, &serving->left);
    }
    return NULL;
}

static void interrupt_nothing(int signal_number)
{
}

static void install_interrupt(void)
{
    struct sigaction action = {.sa_handler = interrupt_nothing};

    /* Without SA_RESTART: that is the purpose. */
    sigemptyset(&action.sa_mask);
    CHECK(sigaction(INTERRUPT_SIGNAL, &action, NULL) == 0);
}

/* ---- the main thread's side ---- */

int serving_start_thread(struct serving *serving)
{
    int rc;

    serving->started.fn = was_started;
    serving->left.fn = has_left;
    rc = pthread_mutex_init(&serving->posting, NULL);
    if (rc != 0)
        return -rc;
    if (is_blocking(serving))
        install_interrupt();
    rc = pthread_create(&serving->thread, NULL,
                        is_blocking(serving) ? run_blocking_thread : run_loop_thread, serving);
    serving->has_thread = rc == 0;
    return -rc;
}

/* A signal that comes just before a wait ends nothing: the caller repeats it until the thread has
 * left. */
static void interrupt(struct serving *serving, enum loop_interrupt what)
{
    serving->service.draining = true;
    atomic_store(&serving->interrupt, what);
    (void)pthread_kill(serving->thread, INTERRUPT_SIGNAL);
}

static void ask(struct serving *serving, struct loop_message *message,
                void (*fn)(struct loop_message *message))
{
    if (message->fn) /* asked before */
        return;
    message->fn = fn;
    if (serving->on_main) {
        fn(message);
        return;
    }
    pthread_mutex_lock(&serving->posting);
    if (!serving->is_deaf)
        loop_post(serving->loop, message);
    pthread_mutex_unlock(&serving->posting);
}

bool serving_has_closed(const struct serving *serving)
{
    return atomic_load(&serving->has_closed);
}

/* A blocking thread has one connection. Its client, if it asks without a pause, is told to close
 * with its next answer; if it does not, it is closed somewhere in the second half of the time. */
static void choose_idle_until(struct serving *serving, int64_t spread_ns)
{
    uint64_t chance = ((uint64_t)getpid() ^ (uintptr_t)serving >> 6) * UINT64_C(2654435761) % 256;

    if (atomic_load(&serving->idle_until) == 0)
        atomic_store(&serving->idle_until,
                     clock_now() + spread_ns / 2 + spread_ns / 512 * (int64_t)chance);
}

void serving_drain(struct serving *serving, int64_t spread_ns, bool is_last)
{
    if (serving->is_left || !serving->is_started || !serving->loop)
        return;
    serving->spread_ns = spread_ns;
    serving->service.is_last = is_last;
    choose_idle_until(serving, spread_ns);
    if (is_blocking(serving))
        interrupt(serving, LOOP_INTERRUPT_IDLE);
    else
        ask(serving, &serving->drain, drain_loop);
}

void serving_cut(struct serving *serving)
{
    if (serving->is_left || !serving->is_started || !serving->loop)
        return;
    if (is_blocking(serving))
        interrupt(serving, LOOP_INTERRUPT_ALL);
    else
        ask(serving, &serving->cut, cut_loop);
}

void serving_fini(struct serving *serving)
{
    if (serving->has_thread) {
        CHECK(pthread_join(serving->thread, NULL) == 0);
        pthread_mutex_destroy(&serving->posting);
    }
    if (serving->on_main)
        stop_on_loop(serving);
}
