/* SPDX-License-Identifier: MIT */
/*
 * loop.c - the loop's life, and its turns: what is ready runs, then the kernel is asked.
 *
 * A blocking loop has no poller until a handler starts tasks of its own.
 */
#include "worker/task/loop.h"

#include <errno.h>
#include <ev.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "common/check.h"
#include "common/clock.h"
#include "worker/task/debug.h"
#include "worker/task/poller.h"
#include "worker/task/profiler.h"
#include "worker/task/sched.h"
#include "worker/task/slow_task.h"

/* In debug mode a thread that may wake somebody may end instead: so often the loop looks again. */
#define LOOK_AGAIN_NS (250 * NS_PER_MS)

/* How often the stacks that nobody needs are given back. */
#define TRIM_INTERVAL_NS NS_PER_S

struct poller *poller_of(struct cop_loop *loop)
{
    CHECK(loop->poller);
    return loop->poller;
}

int loop_prepare(struct cop_loop *loop)
{
    int rc = timer_heap_reserve(&loop->timers, loop->ntasks + 3);

    /* The last to be made: where there is a poller there is all. */
    if (rc == 0 && !loop->poller)
        loop->poller = poller_new(loop);
    return loop->poller ? rc : -ENOMEM;
}

struct cop_loop *loop_new(const struct loop_options *options)
{
    struct cop_loop *loop = calloc(1, sizeof(*loop));

    CHECK_MSG(!loop_here, "this thread has a loop already");
    if (!loop)
        return NULL;
    loop->own_metrics = options->metrics ? NULL : metrics_new();
    loop->metrics = options->metrics ? options->metrics : loop->own_metrics;
    timer_heap_init(&loop->timers);
    if (!loop->metrics || (!options->blocking && loop_prepare(loop) < 0)) {
        poller_free(loop->poller);
        timer_heap_fini(&loop->timers);
        metrics_free(loop->own_metrics);
        free(loop);
        return NULL;
    }
    loop->blocking = options->blocking;
    loop->is_isolated = options->is_isolated;
    loop->beat = options->beat;
    loop->interrupt = options->interrupt;
    loop->idle_until = options->idle_until;
    loop->tail = &loop->head;
    loop->credit = SCHED_STREAK_MAX;
    loop->now = clock_now();
    list_init(&loop->tasks);
    list_init(&loop->before_poll);
    stack_pool_init(&loop->stacks, options->stack_size);
    loop->thread.loop = loop;
    loop->thread.state = TASK_RUNNING;
    loop->thread.deadline = COP_NEVER;
    loop->thread.scope = &loop->thread.root;
    loop->thread.root = (struct cop_scope){.task = &loop->thread, .deadline = COP_NEVER};
    sanitize_thread_start(&loop->thread.sanitize);
    if (options->blocking)
        loop->current = &loop->thread;
    overflow_start(&loop->overflow);
    loop_here = loop;
    metrics_here = loop->metrics;
    debug_start(loop, options->debug);
    census_enter(loop);
    return loop;
}

static void trim_stacks(struct cop_loop *loop)
{
    stack_pool_trim(&loop->stacks);
    for (unsigned i = 0; i < STACK_CLASSES; i++) {
        if (loop->sized[i])
            stack_pool_trim(loop->sized[i]);
    }
}

static void free_stacks(struct cop_loop *loop)
{
    stack_pool_fini(&loop->stacks);
    for (unsigned i = 0; i < STACK_CLASSES; i++) {
        if (loop->sized[i])
            stack_pool_fini(loop->sized[i]);
        free(loop->sized[i]);
    }
}

void loop_before_poll(struct cop_loop *loop, struct loop_call *call)
{
    if (list_is_empty(&call->node))
        list_push_back(&loop->before_poll, &call->node);
}

static void call_before_poll(struct cop_loop *loop)
{
    struct list *node;

    while ((node = list_pop_front(&loop->before_poll))) {
        struct loop_call *call = list_entry(node, struct loop_call, node);

        call->fn(call);
    }
}

/* Until when a poll may last. */
static int64_t poll_until(const struct cop_loop *loop)
{
    int64_t first = timer_first(&loop->timers);

    if (__builtin_expect(loop->debug, 0) && loop->is_isolated && first == COP_NEVER)
        return clock_now() + LOOK_AGAIN_NS;
    return first;
}

static void poll_events(struct cop_loop *loop)
{
    struct poller *poller = poller_of(loop);
    bool busy = loop->head || loop->thread.state == TASK_READY;

    if (__builtin_expect(!list_is_empty(&loop->before_poll), 0))
        call_before_poll(loop);
    poller_arm(poller, poll_until(loop));
    sched_poll_begin(loop);
    ev_run(poller->ev, busy ? EVRUN_NOWAIT : EVRUN_ONCE);
    sched_poll_end(loop);
    metric_add(loop->metrics, METRIC_loop_polls, 1);
    if (timer_first(&loop->timers) <= loop->now)
        sched_expire(loop);
    if (loop->now - poller->trimmed_ns >= TRIM_INTERVAL_NS) {
        poller->trimmed_ns = loop->now;
        trim_stacks(loop);
    }
}

/* In debug mode: is there nothing that a poll could bring? */
static bool is_stuck(const struct cop_loop *loop)
{
    return __builtin_expect(loop->debug, 0) && loop->is_isolated && debug_is_deadlocked(loop);
}

/* Tasks that wait for each other uninterruptibly never end: they are gone as they are. */
static void abandon(struct cop_loop *loop)
{
    list_for_each_safe (&loop->tasks, node) {
        struct cop_task *task = list_entry(node, struct cop_task, all);

        timer_stop(&loop->timers, &task->timer);
        task->state = TASK_DONE;
        sched_reap(task);
    }
}

void loop_free(struct cop_loop *loop)
{
    CHECK_MSG(loop_here == loop, "a loop is freed on its own thread");
    loop->closing = true;
    profile_fini(loop);
    slow_task_leave(loop);
    census_leave(loop);
    loop->current = &loop->thread;
    extras_finish(&loop->thread.extras);
    loop->current = NULL;
    loop_cancel_all(loop);
    sched_run_ready(loop);
    for (extras_reap_loose(loop); loop->ntasks > 0; extras_reap_loose(loop)) {
        if (is_stuck(loop)) {
            abandon(loop);
            break;
        }
        poll_events(loop);
        loop_cancel_all(loop);
        sched_run_ready(loop);
    }
    timer_stop(&loop->timers, &loop->thread.timer);
    loop->is_ending = true;
    poller_free(loop->poller);
    free_stacks(loop);
    timer_heap_fini(&loop->timers);
    metrics_free(loop->own_metrics);
    overflow_stop(&loop->overflow);
    metrics_here = NULL;
    loop_here = NULL;
    free(loop);
}

int loop_run(struct cop_loop *loop)
{
    while (!loop->stopped) {
        sched_run_ready(loop);
        if (loop->stopped)
            break;
        if (is_stuck(loop))
            return -EDEADLK;
        poll_events(loop);
    }
    loop->stopped = false;
    return 0;
}

void loop_stop(struct cop_loop *loop)
{
    loop->stopped = true;
}

void loop_drive(struct cop_loop *loop)
{
    struct cop_task *current = loop->current;

    do {
        loop->current = NULL;
        sched_run_ready(loop);
        poll_events(loop);
        if (loop_interrupted(loop) == LOOP_INTERRUPT_ALL) {
            (void)cop_task_cancel(&loop->thread);
            loop_cancel_all(loop);
        }
    } while (loop->thread.state == TASK_PARKED);
    loop->current = current;
}

void loop_cancel_all(struct cop_loop *loop)
{
    list_for_each (&loop->tasks, node) {
        (void)cop_task_cancel(list_entry(node, struct cop_task, all));
    }
}

struct metrics *loop_metrics(struct cop_loop *loop)
{
    return loop->metrics;
}

int64_t loop_idle_until(const struct cop_loop *loop)
{
    return loop->idle_until ? atomic_load(loop->idle_until) : 0;
}

size_t loop_tasks(const struct cop_loop *loop, size_t *ready)
{
    *ready = loop->nbatch + loop->nqueued;
    return loop->ntasks;
}

void loop_post(struct cop_loop *loop, struct loop_message *message)
{
    CHECK_MSG(loop->poller, "a blocking loop takes no messages");
    poller_post(loop->poller, message);
}

enum loop_interrupt loop_interrupted(const struct cop_loop *loop)
{
    return loop->interrupt ? (enum loop_interrupt)atomic_load(loop->interrupt)
                           : LOOP_INTERRUPT_NONE;
}

size_t loop_stack_bytes(const struct cop_loop *loop)
{
    size_t bytes = loop->stacks.nstacks * loop->stacks.size;

    for (unsigned i = 0; i < STACK_CLASSES; i++) {
        if (loop->sized[i])
            bytes += loop->sized[i]->nstacks * loop->sized[i]->size;
    }
    return bytes;
}

struct loop_ticker {
    ev_timer timer;
    struct cop_loop *loop;
    int64_t interval_ns;
    int64_t due_ns;
    void (*fn)(void *arg, int64_t late_ns);
    void *arg;
};

/* libev's own repeating timer would make up for the ticks that a stall cost. */
static void start_ticker(struct loop_ticker *ticker, int64_t now)
{
    struct ev_loop *ev = poller_of(ticker->loop)->ev;

    ev_now_update(ev);
    ev_timer_set(&ticker->timer, (double)(ticker->due_ns - now) / 1e9, 0.);
    ev_timer_start(ev, &ticker->timer);
}

static void ticked(struct ev_loop *ev, ev_timer *watcher, int revents)
{
    struct loop_ticker *ticker = (struct loop_ticker *)(void *)watcher;
    int64_t now = clock_now();
    int64_t late = now - ticker->due_ns;

    ticker->due_ns += ticker->interval_ns;
    if (ticker->due_ns <= now)
        ticker->due_ns = now + ticker->interval_ns;
    start_ticker(ticker, now);
    sched_event(ticker->loop);
    ticker->fn(ticker->arg, late > 0 ? late : 0);
}

struct loop_ticker *loop_ticker_new(struct cop_loop *loop, int64_t interval_ns,
                                    void (*fn)(void *arg, int64_t late_ns), void *arg)
{
    struct loop_ticker *ticker = loop_prepare(loop) < 0 ? NULL : calloc(1, sizeof(*ticker));
    int64_t now = clock_now();

    if (!ticker)
        return NULL;
    ticker->loop = loop;
    ticker->interval_ns = interval_ns;
    ticker->due_ns = now + interval_ns;
    ticker->fn = fn;
    ticker->arg = arg;
    ev_init(&ticker->timer, ticked);
    start_ticker(ticker, now);
    return ticker;
}

void loop_ticker_free(struct loop_ticker *ticker)
{
    if (!ticker)
        return;
    ev_timer_stop(ticker->loop->poller->ev, &ticker->timer);
    free(ticker);
}

int loop_spawn(struct cop_loop *loop, cop_fn fn, void *arg)
{
    struct cop_task *task = sched_spawn(loop, fn, arg);

    if (!task)
        return -ENOMEM;
    task->detached = true;
    sched_ready(task);
    return 0;
}
