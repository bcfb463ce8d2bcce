/* SPDX-License-Identifier: MIT */
#include "worker/http/slow_requests.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "common/beat.h"
#include "common/clock.h"
#include "common/metrics.h"
#include "worker/http/http_session.h"
#include "worker/http/slow_places.h"
#include "worker/task/sched.h"
#include "worker/task/symbols.h"

#define ROUNDS_PER_LIMIT 4
#define ROUND_MAX_NS     (250 * NS_PER_MS)
#define ROUND_MIN_NS     (5 * NS_PER_MS)

/* A handler of signals answers at once, unless its thread is deep in the kernel or waits for the
 * CPU; then the next round has the answer. */
#define ANSWER_TRIES    20
#define ANSWER_PAUSE_NS (200 * NS_PER_US)

struct slow_requests {
    struct cop_loop *loop;
    const struct config_pool *pool;
    struct loop_ticker *ticker;
    struct slow_places places;
};

static bool is_slow(const struct http_session *session, int64_t now, int64_t limit)
{
    return session && session->stage == HTTP_HANDLED && now - session->began >= limit;
}

/* ---- tasks ---- */

static void look_at(struct slow_requests *slow, const struct cop_task *task, int64_t now)
{
    struct http_session *session = task->serves;
    struct slow_place *place = slow_places_next(&slow->places);

    if (!is_slow(session, now, slow->pool->slow_request))
        return;
    session->stage = HTTP_HANDLED_SLOWLY;
    METRIC_ADD(slow_requests, 1);
    backtrace_of_task(&place->backtrace, task);
    if (slow_places_is_known(&slow->places, task->state == TASK_PARKED ? task->why : NULL))
        return;
    (void)request_id_of(session);
    (void)cop_connection_peer(session->connection);
    slow_places_describe(place, task, session, now);
    slow_places_add(&slow->places);
}

static void look_at_tasks(void *arg, int64_t late_ns)
{
    struct slow_requests *slow = arg;
    int64_t now = clock_now();

    list_for_each (&slow->loop->tasks, node) {
        const struct cop_task *task = list_entry(node, struct cop_task, all);

        if (now - task->born < slow->pool->slow_request)
            break;
        look_at(slow, task, now);
    }
    slow_places_print(&slow->places, now);
}

/* ---- blocking threads ---- */

/* What one thread is asked, and its answer. There is one question at a time: as long as a thread
 * has not answered, no other is asked. */
static struct {
    _Atomic uint32_t asked;
    _Atomic uint32_t answered;
    uint32_t taken; /* of the main thread: so many answers were looked at */
    const struct cop_loop *loop;
    pid_t tid; /* of its thread: the next loop may lie where an earlier one lay */
    int64_t limit;
    bool is_slow;
    struct slow_place place;
} question;

/* On the thread that is asked, in a signal handler. */
static void answer(struct cop_loop *loop, const void *context)
{
    struct http_session *session = loop->thread.serves;
    uint32_t asked = atomic_load_explicit(&question.asked, memory_order_acquire);
    uint32_t before = asked - 1;
    int64_t now = clock_now();

    if (loop != question.loop ||
        atomic_load_explicit(&question.answered, memory_order_relaxed) != before)
        return;
    question.is_slow = is_slow(session, now, question.limit);
    if (question.is_slow) {
        session->stage = HTTP_HANDLED_SLOWLY;
        metric_add(loop->metrics, METRIC_slow_requests, 1);
        slow_places_describe(&question.place, &loop->thread, session, now);
        backtrace_of_signal(&question.place.backtrace, loop->current, context);
    }
    atomic_compare_exchange_strong(&question.answered, &before, asked);
}

static bool is_answered(void)
{
    return atomic_load_explicit(&question.answered, memory_order_acquire) ==
           atomic_load_explicit(&question.asked, memory_order_relaxed);
}

/* Nobody will answer any more. */
static void withdraw(void)
{
    question.taken = atomic_load(&question.asked);
    atomic_store(&question.answered, question.taken);
}

/* Ask the loop's thread, and wait a little for its answer. */
static void ask(const struct cop_loop *loop, int64_t limit)
{
    struct timespec pause = {.tv_nsec = ANSWER_PAUSE_NS};

    question.loop = loop;
    question.tid = loop->census.tid;
    question.limit = limit;
    atomic_fetch_add_explicit(&question.asked, 1, memory_order_release);
    if (census_ask(loop, PROBE_SLOW) < 0)
        withdraw();
    for (int i = 0; i < ANSWER_TRIES && !is_answered(); i++)
        (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
}

/* The answer, if it has come since. */
static void take_answer(struct slow_requests *slow)
{
    if (!is_answered() || question.taken == atomic_load(&question.answered))
        return;
    question.taken = atomic_load(&question.answered);
    if (!question.is_slow)
        return;
    *slow_places_next(&slow->places) = question.place;
    if (!slow_places_is_known(&slow->places, question.place.why))
        slow_places_add(&slow->places);
}

/* A thread that has ended since answers no more. */
static void forget_the_gone(void)
{
    struct cop_loop *loop = census_next(NULL);

    while (loop && (loop != question.loop || loop->census.tid != question.tid))
        loop = census_next(loop);
    if (!loop && !is_answered())
        withdraw();
}

/* The slot says since when the thread serves, and has served to the end when it is new. */
static bool may_be_slow(const struct cop_loop *loop, int64_t now, int64_t limit)
{
    struct beat_view view;

    return loop->blocking && loop->beat && beat_read(loop->beat, &view) == 0 &&
           view.task_since_ns != 0 && now - view.task_since_ns >= limit;
}

static void look_at_threads(void *arg, int64_t late_ns)
{
    struct slow_requests *slow = arg;
    int64_t now = clock_now(), limit = slow->pool->slow_request;

    census_lock();
    forget_the_gone();
    take_answer(slow);
    for (struct cop_loop *loop = census_next(NULL); loop; loop = census_next(loop)) {
        if (!is_answered() || !may_be_slow(loop, now, limit))
            continue;
        ask(loop, limit);
        take_answer(slow);
    }
    census_unlock();
    slow_places_print(&slow->places, now);
}

/* ---- its life ---- */

static struct slow_requests *start(struct cop_loop *loop, const struct config_pool *pool,
                                   void (*look)(void *arg, int64_t late_ns))
{
    struct slow_requests *slow = calloc(1, sizeof(*slow));
    int64_t round_ns = pool->slow_request / ROUNDS_PER_LIMIT;

    if (!slow)
        return NULL;
    round_ns = round_ns > ROUND_MAX_NS   ? ROUND_MAX_NS
               : round_ns < ROUND_MIN_NS ? ROUND_MIN_NS
                                         : round_ns;
    slow->loop = loop;
    slow->pool = pool;
    slow->places.app = pool->app;
    slow->ticker = loop_ticker_new(loop, round_ns, look, slow);
    if (!slow->ticker) {
        free(slow);
        return NULL;
    }
    symbols_load();
    return slow;
}

struct slow_requests *slow_requests_start(struct cop_loop *loop, const struct config_pool *pool)
{
    return start(loop, pool, look_at_tasks);
}

struct slow_requests *slow_requests_start_blocking(struct cop_loop *loop,
                                                   const struct config_pool *pool)
{
    census_answer(PROBE_SLOW, answer);
    return start(loop, pool, look_at_threads);
}

void slow_requests_stop(struct slow_requests *slow)
{
    if (!slow)
        return;
    loop_ticker_free(slow->ticker);
    free(slow);
}
