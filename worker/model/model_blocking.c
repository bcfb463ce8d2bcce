/* SPDX-License-Identifier: MIT */
/*
 * model_blocking.c - `tasks: 1`, the honest baseline: accept, recv and send wait in the kernel, and
 * nothing else is on the way. A kept-alive connection keeps its thread to itself until it closes or
 * falls silent.
 */
#include <errno.h>
#include <time.h>

#include "common/clock.h"
#include "common/metrics.h"
#include "worker/model/model.h"
#include "worker/stream/listener.h"
#include "worker/task/sched.h"

#define SOCKETS_MAX 64

static void serve_connection(struct cop_loop *loop, struct cop_service *service,
                             struct cop_connection *connection)
{
    enum cop_verdict verdict;
    bool was_draining;

    /* At least once: a connection that was accepted just before a drain may have its request
     * already. */
    do {
        cop_time patience =
            connection->serves ? service->keepalive_timeout : service->first_byte_timeout;
        cop_time since = loop->now;

        was_draining = service->draining;
        connection->stream.fresh = true;
        cop_stream_set_timeouts(&connection->stream, patience, service->write_timeout);
        verdict = service->serve(connection, service->arg);
        /* On a loop of tasks, each call has a task of its own, which would end here. */
        extras_finish(&sched_current()->extras);
        if (connection->stream.fresh && loop->now - since >= patience)
            METRIC_ADD(idle_timeouts, 1);
        connection->serves++;
        /* Where the drain began meanwhile, the client may not have been told to close. */
    } while (verdict == COP_PARK && !was_draining && loop_interrupted(loop) != LOOP_INTERRUPT_ALL);
    cop_stream_close(&connection->stream);
    connection_forget_peer(connection);
}

/* The descriptor table or the memory is full: ask again after a while. */
static void wait_for_better_times(void)
{
    struct timespec pause = {.tv_nsec = 100 * NS_PER_MS};

    METRIC_ADD(accept_pauses, 1);
    (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
}

static void serve_accepted(struct cop_loop *loop, const struct model_options *options, int fd,
                           uint64_t id)
{
    struct metrics *metrics = loop_metrics(loop);
    struct cop_connection connection = {.service = options->service, .id = id};

    loop->now = clock_now();
    cop_stream_init(&connection.stream, fd);
    connection.stream.counted = true;
    METRIC_ADD(accepts, 1);
    metric_set(metrics, METRIC_connections, 1);
    serve_connection(loop, options->service, &connection);
    metric_set(metrics, METRIC_connections, 0);
    METRIC_ADD(closes, 1);
}

/* Nobody else will: serve whoever waits already, and not those that come meanwhile. */
static void serve_waiting(struct cop_loop *loop, const struct model_options *options, int fd,
                          uint64_t *id)
{
    for (unsigned n = listener_count_waiting(fd); n > 0; n--) {
        int accepted =
            loop_interrupted(loop) == LOOP_INTERRUPT_ALL ? -1 : listener_accept_waiting(fd);

        if (accepted < 0)
            return;
        serve_accepted(loop, options, accepted, ++*id);
    }
}

void model_blocking_run(struct cop_loop *loop, const struct model_options *options)
{
    struct metrics *metrics = loop_metrics(loop);
    size_t nfds = options->nsockets < SOCKETS_MAX ? options->nsockets : SOCKETS_MAX;
    int fds[SOCKETS_MAX];
    uint64_t id = 0;

    for (size_t i = 0; i < nfds; i++)
        fds[i] = options->sockets[i].fd;
    metric_set(metrics, METRIC_connections_limit, 1);
    while (loop_interrupted(loop) == LOOP_INTERRUPT_NONE) {
        int fd = listener_accept_blocking(fds, nfds);

        if (fd == -ECANCELED)
            break;
        if (fd < 0) {
            wait_for_better_times();
            continue;
        }
        serve_accepted(loop, options, fd, ++id);
    }
    for (size_t i = 0; options->service->is_last && i < nfds; i++)
        serve_waiting(loop, options, fds[i], &id);
}
