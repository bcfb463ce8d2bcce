/* SPDX-License-Identifier: MIT */
/*
 * connection.h - what a protocol sees of an accepted connection, and what it answers.
 *
 * The model (worker/model) owns the connections of a loop. When one is readable it calls the
 * service's serve() in a task; serve answers all that has arrived and returns COP_PARK, and the
 * connection waits for its next bytes without a task, or COP_CLOSE, and the model closes it. When
 * the first cop_read of a call says -EAGAIN, there is nothing yet: return COP_PARK.
 */
#ifndef COPPICE_CONNECTION_H
#define COPPICE_CONNECTION_H

#include <netinet/in.h>
#include <stdlib.h>

#include "worker/stream/stream.h"

enum cop_verdict { COP_CLOSE, COP_PARK };

struct cop_connection;

/* One per loop and pool; the model and its thread fill in the last two, the app the rest. */
struct cop_service {
    /* Runs in a task, or on the thread itself under a blocking model, where the first read may
     * wait. */
    enum cop_verdict (*serve)(struct cop_connection *connection, void *arg);
    void *arg;
    cop_time first_byte_timeout; /* an accepted connection may stay silent so long */
    cop_time keepalive_timeout;  /* a parked one */
    cop_time write_timeout;      /* each wait for the peer to take bytes */
    COP_ATOMIC bool draining;    /* the worker is leaving: answer with close */
    COP_ATOMIC bool is_last;     /* then: nobody accepts after it */
};

/* Who is at the other end. */
struct cop_peer {
    unsigned port;               /* 0: none */
    char text[INET6_ADDRSTRLEN]; /* the address without the port; "unix:" for a UNIX socket */
};

struct cop_connection {
    struct cop_stream stream;
    struct cop_service *service;
    struct cop_peer *peer; /* NULL: nobody has asked; see cop_connection_peer */
    uint64_t id;           /* unique in its loop */
    uint32_t serves;       /* how often serve was called before */
};

/* Who it is, asked of the kernel once and kept for the connection's life. NULL: not known (the peer
 * has gone before anybody asked), or no memory. */
COP_PUBLIC const struct cop_peer *cop_connection_peer(struct cop_connection *connection);

/* Forget it. For the models, at the end of a connection. */
static inline void connection_forget_peer(struct cop_connection *connection)
{
    free(connection->peer);
    connection->peer = NULL;
}

#endif
