/* SPDX-License-Identifier: MIT */
#include "worker/http/slow_requests.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/beat.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/metrics.h"
#include "worker/http/http_session.h"
#include "worker/task/backtrace.h"
#include "worker/task/printer.h"
#include "worker/task/sched.h"
#include "worker/task/symbols.h"

#define ROUNDS_PER_LIMIT 4
#define ROUND_MAX_NS     (250 * NS_PER_MS)
#define ROUND_MIN_NS     (5 * NS_PER_MS)

/* Different places in one round, and lines in one second. */
#define PLACES_MAX 10
#define LINES_MAX  10

#define LABEL_MAX 200

/* A handler of signals answers at once, unless its thread is deep in the kernel. */
#define ANSWER_TRIES    20
#define ANSWER_PAUSE_NS (200 * NS_PER_US)

/* Slow requests that wait at one place; the facts are those of the oldest. */
struct place {
    uint64_t hash;
    size_t count;
    int64_t age_ns;
    uint64_t task;
    const char *why; /* it waits; NULL: it does not */
    const char *route;
    char id[REQUEST_ID_MAX + 1];
    char label[LABEL_MAX];
    size_t label_len;
    struct cop_peer peer;
    struct backtrace backtrace;
};

struct slow_requests {
    struct cop_loop *loop;
    const struct config_pool *pool;
    struct loop_ticker *ticker;
    int64_t second;  /* in which */
    unsigned nlines; /* so many were written */
    size_t nplaces;
    size_t nrest;                        /* requests that had no line */
    struct place places[PLACES_MAX + 1]; /* one more to put a next one together in */
};

/* ---- one request ---- */

static bool is_slow(const struct http_session *session, int64_t now, int64_t limit)
{
    return session && session->stage == HTTP_HANDLED && now - session->began >= limit;
}

static const char *why_of(const struct cop_task *task)
{
    return task->state == TASK_PARKED ? task->why : NULL;
}

/* All but the stack. Also in a signal handler. */
static void describe(struct place *place, const struct cop_task *task,
                     const struct http_session *session, int64_t now)
{
    const struct cop_peer *peer = session->connection->peer;

    place->count = 1;
    place->age_ns = now - session->began;
    place->task = task->id;
    place->why = why_of(task);
    place->route = session->head.request.route;
    memcpy(place->id, session->id, session->id_len);
    place->id[session->id_len] = 0;
    place->label_len = task->label ? task->label_len : 0;
    if (place->label_len > LABEL_MAX)
        place->label_len = LABEL_MAX;
    if (place->label_len)
        memcpy(place->label, task->label, place->label_len);
    place->peer = peer ? *peer : (struct cop_peer){.text = ""};
}

/* FNV-1a over words. */
static uint64_t hash_of(const struct backtrace *backtrace, const char *why)
{
    uint64_t hash = (0xcbf29ce484222325u ^ (uintptr_t)why) * 0x100000001b3u;

    for (size_t i = 0; i < backtrace->n; i++)
        hash = (hash ^ backtrace->frames[i]) * 0x100000001b3u;
    return hash;
}

/* ---- the lines ---- */

static void print_request(struct printer *line, const struct slow_requests *slow,
                          const struct place *place)
{
    print_text(line, "slow request ");
    print_text(line, place->id[0] ? place->id : "-");
    print_text(line, " \"");
    print_label(line, place->label, place->label_len);
    print_text(line, "\" for ");
    print_duration(line, place->age_ns);
    print_text(line, ", peer ");
    print_text(line, place->peer.text[0] ? place->peer.text : "-");
    if (place->peer.port) {
        print_text(line, " port ");
        print_number(line, place->peer.port);
    }
    print_text(line, ", app ");
    print_text(line, slow->pool->app);
    if (place->route) {
        print_text(line, " ");
        print_text(line, place->route);
    }
    if (place->count > 1) {
        print_text(line, ", and ");
        print_number(line, place->count - 1);
        print_text(line, " more at the same place");
    }
}

static void print_place(const struct slow_requests *slow, const struct place *place)
{
    struct printer line;

    printer_init(&line, PRINTER_CUTS);
    print_request(&line, slow, place);
    print_text(&line, ", task ");
    print_number(&line, place->task);
    if (place->why) {
        print_text(&line, " in ");
        print_text(&line, place->why);
    }
    for (size_t i = 0; i < place->backtrace.n; i++) {
        print_text(&line, i > 0 ? " < " : ": ");
        symbols_print(&line, place->backtrace.frames[i]);
    }
    log_warn("%.*s", (int)line.len, line.buffer);
}

static void print_places(struct slow_requests *slow, int64_t now)
{
    if (now / NS_PER_S != slow->second) {
        slow->second = now / NS_PER_S;
        slow->nlines = 0;
        if (slow->nrest)
            log_warn("%zu more slow requests, each at a place of its own", slow->nrest);
        slow->nrest = 0;
    }
    for (size_t i = 0; i < slow->nplaces; i++) {
        if (slow->nlines++ < LINES_MAX)
            print_place(slow, &slow->places[i]);
        else
            slow->nrest += slow->places[i].count;
    }
    slow->nplaces = 0;
}

/* Where the next place is put together. */
static struct place *next_place(struct slow_requests *slow)
{
    return &slow->places[slow->nplaces];
}

/* The next place has its stack: is it one that is there? Then that is one request more. */
static bool is_known(struct slow_requests *slow, const char *why)
{
    struct place *next = next_place(slow);

    next->hash = hash_of(&next->backtrace, why);
    for (size_t i = 0; i < slow->nplaces; i++) {
        if (slow->places[i].hash != next->hash)
            continue;
        slow->places[i].count++;
        return true;
    }
    return false;
}

/* Keep the next place, if there is room for so many. */
static void keep(struct slow_requests *slow)
{
    if (slow->nplaces < PLACES_MAX)
        slow->nplaces++;
    else
        slow->nrest++;
}

/* ---- tasks ---- */

static void look_at(struct slow_requests *slow, const struct cop_task *task, int64_t now)
{
    struct http_session *session = task->serves;

    if (!is_slow(session, now, slow->pool->slow_request))
        return;
    session->stage = HTTP_HANDLED_SLOWLY;
    METRIC_ADD(slow_requests, 1);
    backtrace_of_task(&next_place(slow)->backtrace, task);
    if (is_known(slow, why_of(task)))
        return;
    (void)request_id_of(session);
    (void)cop_connection_peer(session->connection);
    describe(next_place(slow), task, session, now);
    keep(slow);
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
    print_places(slow, now);
}

/* ---- blocking threads ---- */

/* What one thread is asked, and its answer. There is one question at a time: as long as a thread
 * has not answered, no other is asked. */
static struct {
    _Atomic uint32_t asked;
    _Atomic uint32_t answered;
    const struct cop_loop *loop;
    int64_t limit;
    bool is_slow;
    struct place place;
} question;

/* On the thread that is asked, in a signal handler. */
static void answer(struct cop_loop *loop, const void *context)
{
    struct http_session *session = loop->thread.serves;
    uint32_t asked = atomic_load_explicit(&question.asked, memory_order_acquire);
    int64_t now = clock_now();

    if (loop != question.loop ||
        asked == atomic_load_explicit(&question.answered, memory_order_relaxed))
        return;
    question.is_slow = is_slow(session, now, question.limit);
    if (question.is_slow) {
        session->stage = HTTP_HANDLED_SLOWLY;
        metric_add(loop->metrics, METRIC_slow_requests, 1);
        describe(&question.place, &loop->thread, session, now);
        backtrace_of_signal(&question.place.backtrace, loop->current, context);
    }
    atomic_store_explicit(&question.answered, asked, memory_order_release);
}

static bool ask(const struct cop_loop *loop, int64_t limit)
{
    uint32_t number = atomic_load(&question.asked) + 1;
    struct timespec pause = {.tv_nsec = ANSWER_PAUSE_NS};

    if (atomic_load_explicit(&question.answered, memory_order_acquire) != number - 1)
        return false;
    question.loop = loop;
    question.limit = limit;
    atomic_store_explicit(&question.asked, number, memory_order_release);
    if (census_ask(loop, PROBE_SLOW) < 0)
        return false;
    for (int i = 0; i < ANSWER_TRIES; i++) {
        if (atomic_load_explicit(&question.answered, memory_order_acquire) == number)
            return question.is_slow;
        (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
    }
    return false;
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
    for (struct cop_loop *loop = census_next(NULL); loop; loop = census_next(loop)) {
        if (!may_be_slow(loop, now, limit) || !ask(loop, limit))
            continue;
        *next_place(slow) = question.place;
        if (!is_known(slow, question.place.why))
            keep(slow);
    }
    census_unlock();
    print_places(slow, now);
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
