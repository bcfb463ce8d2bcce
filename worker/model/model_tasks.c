/* SPDX-License-Identifier: MIT */
/*
 * model_tasks.c - many connections on one loop.
 *
 * A connection is a record. Idle, it stands in one of two lists, in the order in which its time
 * will be up, and its watcher waits for bytes: no task, no stack, no buffer. Readable, it gets a
 * task for as long as serve() runs.
 *
 * The tasks of one poll's readable connections follow each other on one stack, which stays in the
 * cache: a runner serves one after the other, each as a task of its own (sched_renew), and has a
 * second runner stand by in the ready queue that goes on when it parks.
 *
 * A busy connection stays in its list. Its place there is renewed now and then, not at each
 * request: that would touch the records of four others.
 *
 * Room: at nine tenths of the limit, a new connection evicts the one that has been idle longest, if
 * that is longer than a second; at the limit, accepting pauses until a connection is gone.
 *
 * Drain: whoever has sent a request is answered, seen or not; the others are closed, those last
 * that have just connected.
 */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/check.h"
#include "common/clock.h"
#include "common/list.h"
#include "common/metrics.h"
#include "worker/model/model.h"
#include "worker/stream/listener.h"
#include "worker/task/sched.h"

#define EVICT_AFTER_NS NS_PER_S

/* A client that has connected is about to say something; a drain gives it so long. */
#define GREETING_NS NS_PER_S

/* A client that was answered just now may ask on without a pause, and is told to close with its
 * next answer; a drain that has the time gives it so long. */
#define PAUSE_NS (250 * NS_PER_MS)

/* A place in an idle list may be older than the connection's last request by so much. */
#define RENEW_PLACE_NS (250 * NS_PER_MS)

struct record {
    struct cop_connection connection; /* first: a connection is its record */
    bool serving;                     /* or about to be served; then it may still stand in a list */
    struct model_tasks *model;
    struct record *next; /* to be served after this one */
    int64_t idle_since;
    int64_t placed; /* when it was put where it stands in its list */
    struct list idle;
};

struct model_tasks {
    struct cop_loop *loop;
    struct cop_service *service;
    struct listener *listeners;
    size_t nlisteners;
    size_t limit;
    size_t soft_limit;
    size_t nconnections;
    size_t nidle;
    uint64_t next_id;
    struct record *batch;      /* to be served, in this order */
    struct record **batch_end; /* where the next one goes */
    struct record *arrived;    /* told by this poll, to be served after those */
    struct record *arrived_last;
    bool stands_by; /* a runner is in the ready queue */
    size_t nrunners;
    struct list silent; /* accepted, nothing received yet; the oldest first */
    struct list parked; /* between two requests; the oldest first */
    bool draining;
    bool cutting;
    int64_t drain_until;
    void (*left)(void *arg);
    void *left_arg;
};

static void show_gauges(struct model_tasks *model)
{
    struct metrics *metrics = loop_metrics(model->loop);

    metric_set(metrics, METRIC_connections, model->nconnections);
    metric_set(metrics, METRIC_connections_idle, model->nidle);
}

static void resume_listeners(struct model_tasks *model)
{
    if (model->draining || model->nconnections >= model->limit)
        return;
    for (size_t i = 0; i < model->nlisteners; i++)
        listener_resume(&model->listeners[i]);
}

static void leave_if_empty(struct model_tasks *model)
{
    void (*left)(void *arg) = model->left;

    if (!model->draining || model->nconnections > 0 || model->nrunners > 0 || !left)
        return;
    model->left = NULL;
    left(model->left_arg);
}

static void close_record(struct record *record)
{
    struct model_tasks *model = record->model;
    bool was_full = model->nconnections >= model->limit;

    list_remove(&record->idle);
    cop_stream_close(&record->connection.stream);
    connection_forget_peer(&record->connection);
    free(record);
    model->nconnections--;
    METRIC_ADD(closes, 1);
    show_gauges(model);
    if (was_full)
        resume_listeners(model);
    leave_if_empty(model);
}

static void close_idle(struct record *record)
{
    record->model->nidle--;
    close_record(record);
}

/* The one that has been idle longest, give or take RENEW_PLACE_NS; NULL: none is. Takes out those
 * in front of it that are busy: they come back behind. */
static struct record *first_idle(struct list *list)
{
    list_for_each_safe (list, node) {
        struct record *record = list_entry(node, struct record, idle);

        if (!record->serving)
            return record;
        list_remove(node);
    }
    return NULL;
}

static void became_readable(struct io *io);

static void park(struct record *record)
{
    struct model_tasks *model = record->model;
    struct io *io = &record->connection.stream.io;
    int64_t now = model->loop->now;

    record->serving = false;
    record->idle_since = now;
    if (list_is_empty(&record->idle) || record->connection.serves == 1 ||
        now - record->placed >= RENEW_PLACE_NS) {
        record->placed = now;
        list_remove(&record->idle);
        list_push_back(record->connection.serves ? &model->parked : &model->silent, &record->idle);
    }
    model->nidle++;
    io->idle = became_readable;
    io_watch(io);
}

static void serve(struct record *record)
{
    struct cop_connection *connection = &record->connection;
    struct cop_service *service = connection->service;
    enum cop_verdict verdict;

    connection->stream.fresh = true;
    verdict = service->serve(connection, service->arg);
    /* Nothing was read: the connection is as silent as before. */
    if (!connection->stream.fresh)
        connection->serves++;
    if (verdict == COP_CLOSE || sched_check(sched_current()) < 0 ||
        (service->draining && connection->serves))
        close_record(record);
    else
        park(record);
}

static bool is_anyone_waiting(const struct model_tasks *model)
{
    return model->batch || model->arrived;
}

/* The connection whose turn it is; NULL: none waits. */
static struct record *take_next(struct model_tasks *model)
{
    struct record *record;

    if (model->arrived) {
        *model->batch_end = model->arrived;
        model->batch_end = &model->arrived_last->next;
        model->arrived = NULL;
    }
    record = model->batch;
    if (!record)
        return NULL;
    model->batch = record->next;
    if (!model->batch)
        model->batch_end = &model->batch;
    record->next = NULL;
    return record;
}

static int run(void *arg);

/* Have a runner in the ready queue. Without memory for one, the next event or tick tries again. */
static void have_runner(struct model_tasks *model)
{
    if (model->stands_by || !is_anyone_waiting(model))
        return;
    if (loop_spawn(model->loop, run, model) < 0)
        return;
    model->stands_by = true;
    model->nrunners++;
}

static int run(void *arg)
{
    struct model_tasks *model = arg;

    model->stands_by = false;
    do {
        struct record *record = take_next(model);

        if (!record)
            break;
        have_runner(model);
        if (model->cutting)
            close_record(record);
        else
            serve(record);
    } while (is_anyone_waiting(model) && sched_renew(sched_current()));
    model->nrunners--;
    leave_if_empty(model);
    return 0;
}

/* It comes after those that wait. */
static void serve_last(struct record *record)
{
    struct model_tasks *model = record->model;

    record->serving = true;
    *model->batch_end = record;
    model->batch_end = &record->next;
    have_runner(model);
}

/* It comes before what this poll told so far: libev tells the last event first. */
static void serve_as_told(struct record *record)
{
    struct model_tasks *model = record->model;

    record->serving = true;
    record->next = model->arrived;
    if (!model->arrived)
        model->arrived_last = record;
    model->arrived = record;
    have_runner(model);
}

static void became_readable(struct io *io)
{
    struct cop_stream *stream = list_entry(io, struct cop_stream, io);
    struct record *record = list_entry(stream, struct record, connection.stream);

    io->idle = NULL;
    stream->drained = false;
    record->model->nidle--;
    serve_as_told(record);
}

/* Close the connection that has been idle longest, if it is long enough. */
static bool evict_one(struct model_tasks *model)
{
    struct record *oldest = first_idle(&model->parked);

    if (!oldest)
        oldest = first_idle(&model->silent);
    if (!oldest || model->loop->now - oldest->idle_since < EVICT_AFTER_NS)
        return false;
    METRIC_ADD(evictions, 1);
    close_idle(oldest);
    return true;
}

static bool accepted(struct listener *listener, int fd)
{
    struct model_tasks *model = listener->arg;
    struct record *record = malloc(sizeof(*record));

    if (!record) {
        close(fd);
        return false;
    }
    if (model->nconnections >= model->soft_limit)
        (void)evict_one(model);
    *record = (struct record){.model = model};
    list_init(&record->idle);
    record->connection.service = model->service;
    record->connection.id = ++model->next_id;
    cop_stream_init(&record->connection.stream, fd);
    record->connection.stream.counted = true;
    cop_stream_set_timeouts(&record->connection.stream, COP_NEVER, model->service->write_timeout);
    model->nconnections++;
    METRIC_ADD(accepts, 1);
    show_gauges(model);
    serve_last(record);
    return model->nconnections < model->limit;
}

static void expire(struct model_tasks *model, struct list *list, cop_time timeout)
{
    struct record *record;

    if (timeout == COP_NEVER)
        return;
    while ((record = first_idle(list)) && model->loop->now - record->idle_since >= timeout) {
        METRIC_ADD(idle_timeouts, 1);
        close_idle(record);
    }
}

/* The idle connection whose turn it is to leave; NULL: those that are left may still greet, or are
 * about to go on. */
static struct record *next_to_leave(struct model_tasks *model)
{
    struct record *record = first_idle(&model->parked);
    int64_t now = model->loop->now;

    if (record && (now >= model->drain_until || now - record->idle_since >= PAUSE_NS))
        return record;
    record = first_idle(&model->silent);
    if (!record || model->cutting || model->loop->now - record->idle_since >= GREETING_NS)
        return record;
    return NULL;
}

/* Close an idle connection, unless a request came that nobody has looked at yet. */
static void let_go(struct record *record)
{
    struct io *io = &record->connection.stream.io;
    char byte;

    if (!record->model->cutting && recv(io->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0)
        became_readable(io);
    else
        close_idle(record);
}

/* Of the time that is left, a tick's share of the idle connections. */
static void close_share(struct model_tasks *model)
{
    int64_t left = model->drain_until - model->loop->now;
    size_t share =
        left <= 0 ? model->nidle : model->nidle / (size_t)(left / (250 * NS_PER_MS) + 1) + 1;

    for (; share > 0; share--) {
        struct record *record = next_to_leave(model);

        if (!record)
            return;
        let_go(record);
    }
}

struct model_tasks *model_tasks_start(struct cop_loop *loop, const struct model_options *options)
{
    struct model_tasks *model = calloc(1, sizeof(*model));
    struct metrics *metrics = loop_metrics(loop);

    if (!model)
        return NULL;
    model->listeners = calloc(options->nsockets ? options->nsockets : 1, sizeof(*model->listeners));
    if (!model->listeners) {
        free(model);
        return NULL;
    }
    model->loop = loop;
    model->service = options->service;
    model->limit = options->tasks;
    model->soft_limit = options->tasks - options->tasks / 10;
    model->batch_end = &model->batch;
    list_init(&model->silent);
    list_init(&model->parked);
    metric_set(metrics, METRIC_connections_limit, model->limit);
    for (; model->nlisteners < options->nsockets; model->nlisteners++)
        listener_start(&model->listeners[model->nlisteners], options->sockets[model->nlisteners].fd,
                       accepted, model);
    return model;
}

void model_tasks_tick(struct model_tasks *model)
{
    have_runner(model);
    if (model->draining) {
        close_share(model);
        return;
    }
    expire(model, &model->silent, model->service->first_byte_timeout);
    expire(model, &model->parked, model->service->keepalive_timeout);
    if (model->nconnections >= model->limit)
        (void)evict_one(model);
    /* Also after a full descriptor table: by now there may be room. */
    resume_listeners(model);
    show_gauges(model);
}

void model_tasks_drain(struct model_tasks *model, int64_t spread_ns, void (*left)(void *arg),
                       void *arg)
{
    if (model->draining)
        return;
    model->draining = true;
    model->service->draining = true;
    model->drain_until = clock_now() + spread_ns;
    model->left = left;
    model->left_arg = arg;
    for (size_t i = 0; i < model->nlisteners; i++) {
        if (model->service->is_last)
            listener_sweep(&model->listeners[i]);
        listener_stop(&model->listeners[i]);
    }
    close_share(model);
    leave_if_empty(model);
}

void model_tasks_cut(struct model_tasks *model)
{
    CHECK(model->draining);
    model->cutting = true;
    model->drain_until = 0;
    loop_cancel_all(model->loop);
    if (model->nidle > 0)
        close_share(model);
}

void model_tasks_free(struct model_tasks *model)
{
    if (!model)
        return;
    CHECK(model->nconnections == 0 && model->nrunners == 0);
    free(model->listeners);
    free(model);
}
