/* SPDX-License-Identifier: MIT */
/*
 * server.c - one task accepts, and its group holds a task for each connection: to stop is to close
 * the acceptor, which ends the one, and to join the other.
 */
#include "worker/stream/server.h"

#include <errno.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/metrics.h"
#include "worker/sync/group.h"
#include "worker/task/sched.h"

/* After a full descriptor table: until the next try. */
#define PAUSE_NS (100 * NS_PER_MS)

struct session {
    struct cop_server *server;
    struct cop_stream stream;
};

static int serve(void *arg)
{
    struct session *session = arg;
    struct cop_server *server = session->server;

    server->handler(&session->stream, server->arg);
    server->ncut += cop_cancelled();
    cop_stream_close(&session->stream);
    free(session);
    server->nconnections--;
    METRIC_ADD(closes, 1);
    if (server->waiting) {
        sched_wake(server->waiting, 0);
        server->waiting = NULL;
    }
    return 0;
}

static int wait_for_room(struct cop_server *server)
{
    struct cop_task *self = sched_current();
    int rc = 0;

    while (rc == 0 && server->nconnections >= server->limit && server->acceptor.io.fd >= 0) {
        server->waiting = self;
        sched_waits_on(self, WAITS_ON_TASKS, server);
        rc = sched_park(self, "room for a connection", COP_NEVER);
        server->waiting = NULL;
    }
    /* Closed: not even memory for the next one is wanted any more. */
    return rc == 0 && server->acceptor.io.fd < 0 ? -EBADF : rc;
}

/* Takes the session's memory and descriptor over, or gives them back. */
static int start_serving(struct cop_group *group, struct session *session)
{
    struct cop_server *server = session->server;

    server->nconnections++;
    METRIC_ADD(accepts, 1);
    if (cop_group_spawn(group, serve, session))
        return 0;
    server->nconnections--;
    METRIC_ADD(closes, 1);
    cop_stream_close(&session->stream);
    free(session);
    return -ENOMEM;
}

static int accept_one(struct cop_server *server, struct cop_group *group)
{
    struct session *session = malloc(sizeof(*session));
    int rc;

    if (!session)
        return -ENOMEM;
    session->server = server;
    rc = cop_accept(&server->acceptor, &session->stream);
    if (rc < 0)
        free(session);
    return rc < 0 ? rc : start_serving(group, session);
}

static int accept_all(void *arg)
{
    struct cop_server *server = arg;
    struct cop_group group;
    int rc = 0;

    cop_group_enter(&group);
    while (rc != -EBADF && rc != -ECANCELED) {
        rc = wait_for_room(server);
        if (rc == 0)
            rc = accept_one(server, &group);
        if (rc < 0 && rc != -EBADF && rc != -ECANCELED) {
            METRIC_ADD(accept_pauses, 1);
            rc = cop_sleep(PAUSE_NS);
        }
    }
    /* Closing the acceptor is how it ends: no reason to cancel the handlers. */
    return cop_group_exit(&group, rc == -EBADF ? 0 : rc);
}

int cop_start_server(struct cop_server *server, const struct cop_address *address,
                     void (*handler)(struct cop_stream *stream, void *arg), void *arg)
{
    int rc;

    if (!handler)
        return -EINVAL;
    *server = (struct cop_server){.handler = handler, .arg = arg, .limit = COP_SERVER_LIMIT};
    rc = cop_listen(&server->acceptor, address, 0);
    if (rc < 0)
        return rc;
    server->task = cop_create_task(accept_all, server);
    if (!server->task) {
        cop_acceptor_close(&server->acceptor);
        return -ENOMEM;
    }
    return 0;
}

int cop_start_server_at(struct cop_server *server, const char *address,
                        void (*handler)(struct cop_stream *stream, void *arg), void *arg)
{
    struct cop_address parsed;
    const char *why;
    int rc = cop_address_parse(address, &parsed, &why);

    return rc < 0 ? rc : cop_start_server(server, &parsed, handler, arg);
}

int cop_server_stop(struct cop_server *server, cop_time grace)
{
    struct cop_scope scope;

    if (!server->task)
        return 0;
    cop_acceptor_close(&server->acceptor);
    if (server->waiting) {
        sched_wake(server->waiting, 0);
        server->waiting = NULL;
    }
    cop_scope_enter(&scope, clock_add(clock_now(), grace));
    /* The handlers' ends count, not that of the one who accepts. */
    (void)cop_scope_exit(&scope, cop_await(server->task));
    server->task = NULL;
    if (server->ncut == 0)
        return 0;
    return cop_cancelled() ? -ECANCELED : -ETIMEDOUT;
}
