/* SPDX-License-Identifier: MIT */
/*
 * server.h - a listener with a task for each connection, for programs under cop_run.
 *
 *     rc = cop_start_server_at(&server, "127.0.0.1:7000", echo, NULL);
 *     ...
 *     cop_server_stop(&server, 5 * COP_S);
 *
 * Inside a pool, connections come through the pool's model instead (connection.h).
 */
#ifndef COPPICE_SERVER_H
#define COPPICE_SERVER_H

#include "worker/stream/acceptor.h"

/* As many connections at once, unless `limit` is set to something else. */
#define COP_SERVER_LIMIT 10000

struct cop_server {
    struct cop_acceptor acceptor; /* its address says the port */
    void (*handler)(struct cop_stream *stream, void *arg);
    void *arg;
    size_t limit;        /* the next one waits in the backlog; may be changed at any time */
    size_t nconnections; /* now */
    size_t ncut;         /* handlers that ended cancelled */
    struct cop_task *task;
    struct cop_task *waiting; /* the same, while it waits for room */
};

/* Listen and return; for each connection handler(stream, arg) runs in a task of its own, and the
 * stream is closed after it. A connection for which there is no memory is closed at once, and
 * without memory or descriptors for the next one the server pauses for 100 ms. Returns 0, -ENOMEM,
 * -EINVAL without a handler, or an error of cop_listen. */
COP_PUBLIC COP_MUST int cop_start_server(struct cop_server *server,
                                         const struct cop_address *address,
                                         void (*handler)(struct cop_stream *stream, void *arg),
                                         void *arg);

/* The same at an address in print, as "127.0.0.1:0" or "unix:/run/it.sock"; -EINVAL when it is none
 * (address.h). */
COP_PUBLIC COP_MUST int cop_start_server_at(struct cop_server *server, const char *address,
                                            void (*handler)(struct cop_stream *stream, void *arg),
                                            void *arg);

/* Accept no more, wait for the handlers at most `grace` nanoseconds (0: not at all), cancel those
 * that are left, and wait for them. Returns 0 when every handler came to its own end, however short
 * the grace was and whoever cancelled the caller; -ETIMEDOUT when some were cancelled, -ECANCELED
 * when the caller was too. Nothing of the server runs after it, in any case. Not from a handler,
 * which would wait for itself. Harmless twice, one after the other. */
COP_PUBLIC int cop_server_stop(struct cop_server *server, cop_time grace);

#endif
