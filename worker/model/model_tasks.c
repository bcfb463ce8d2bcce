/* SPDX-License-Identifier: MIT */
/*
 * model_tasks.c - many connections on one loop.
 *
 * A connection is a record. Idle, it stands in one of two lists, in the order in which its time
 * will be up, and its watcher waits for bytes: no task, no stack, no buffer. Readable, it gets a
 * task for as long as serve() runs.
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

struct record {
    struct cop_connection connection; /* first: a connection is its record */
    struct model_tasks *model;
    struct list idle;
    int64_t idle_since;
    bool serving;
};

struct model_tasks {
    struct loop *loop;
    struct cop_service *service;
    struct beat *beat;
    struct listener *listeners;
    size_t nlisteners;
    size_t limit;
    size_t soft_limit;
    size_t nconnections;
    size_t nidle;
    uint64_t next_id;
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

    if (!model->draining || model->nconnections > 0 || !left)
        return;
    model->left = NULL;
    left(model->left_arg);
}

static void close_record(struct record *record)
{
    struct model_tasks *model = record->model;
    bool was_full = model->nconnections >= model->limit;

    cop_stream_close(&record->connection.stream);
    free(record);
    model->nconnections--;
    METRIC_ADD(closes, 1);
    show_gauges(model);
    if (was_full)
        resume_listeners(model);
    leave_if_empty(model);
}

static void leave_idle_list(struct record *record)
{
    list_remove(&record->idle);
    record->model->nidle--;
}

static void close_idle(struct record *record)
{
    leave_idle_list(record);
    close_record(record);
}

static void became_readable(struct io *io);

static void park(struct record *record)
{
    struct model_tasks *model = record->model;
    struct io *io = &record->connection.stream.io;

    record->serving = false;
    record->idle_since = model->loop->now;
    list_push_back(record->connection.serves ? &model->parked : &model->silent, &record->idle);
    model->nidle++;
    io->idle = became_readable;
    io_watch(io);
}

static int serve(void *arg)
{
    struct record *record = arg;
    struct cop_connection *connection = &record->connection;
    struct cop_service *service = connection->service;
    enum cop_verdict verdict;

    connection->stream.fresh = true;
    verdict = service->serve(connection, service->arg);
    /* Nothing was read: the connection is as silent as before. */
    if (!connection->stream.fresh)
        connection->serves++;
    if (verdict == COP_CLOSE || cop_cancelled() || (service->draining && connection->serves))
        close_record(record);
    else
        park(record);
    return 0;
}

static void start_serving(struct record *record)
{
    record->serving = true;
    if (loop_spawn(record->model->loop, serve, record) < 0)
        close_record(record);
}

static void became_readable(struct io *io)
{
    struct cop_stream *stream = list_entry(io, struct cop_stream, io);
    struct record *record = list_entry(stream, struct record, connection.stream);

    io->idle = NULL;
    stream->drained = false;
    leave_idle_list(record);
    start_serving(record);
}

/* Close the connection that has been idle longest, if it is long enough. */
static bool evict_one(struct model_tasks *model)
{
    struct list *list = list_is_empty(&model->parked) ? &model->silent : &model->parked;
    struct record *oldest = list_entry(list->next, struct record, idle);

    if (list_is_empty(list) || model->loop->now - oldest->idle_since < EVICT_AFTER_NS)
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
    start_serving(record);
    return model->nconnections < model->limit;
}

static void expire(struct model_tasks *model, struct list *list, cop_time timeout)
{
    list_for_each_safe (list, node) {
        struct record *record = list_entry(node, struct record, idle);

        if (timeout == COP_NEVER || model->loop->now - record->idle_since < timeout)
            break;
        METRIC_ADD(idle_timeouts, 1);
        close_idle(record);
    }
}

/* The idle connection whose turn it is to leave; NULL: those that are left may still greet. */
static struct record *next_to_leave(const struct model_tasks *model)
{
    struct record *record;

    if (!list_is_empty(&model->parked))
        return list_entry(model->parked.next, struct record, idle);
    if (list_is_empty(&model->silent))
        return NULL;
    record = list_entry(model->silent.next, struct record, idle);
    return model->cutting || model->loop->now - record->idle_since >= GREETING_NS ? record : NULL;
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

struct model_tasks *model_tasks_start(struct loop *loop, const struct model_options *options)
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
    model->beat = options->beat;
    model->limit = options->tasks;
    model->soft_limit = options->tasks - options->tasks / 10;
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
    for (size_t i = 0; i < model->nlisteners; i++)
        listener_stop(&model->listeners[i]);
    if (model->nconnections == 0)
        leave_if_empty(model);
    else
        close_share(model);
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
    CHECK(model->nconnections == 0);
    free(model->listeners);
    free(model);
}
