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

#include "worker/stream/stream.h"

enum cop_verdict { COP_CLOSE, COP_PARK };

struct cop_connection;

/* One per loop and pool; the model fills in `draining`, the app the rest. */
struct cop_service {
    /* Runs in a task, or on the thread itself under a blocking model, where the first read may
     * wait. */
    enum cop_verdict (*serve)(struct cop_connection *connection, void *arg);
    void *arg;
    cop_time first_byte_timeout; /* an accepted connection may stay silent so long */
    cop_time keepalive_timeout;  /* a parked one */
    cop_time write_timeout;      /* each wait for the peer to take bytes */
    _Atomic bool draining;       /* the worker is leaving: answer with close */
};

struct cop_connection {
    struct cop_stream stream;
    struct cop_service *service;
    uint64_t id;     /* unique in its loop */
    uint32_t serves; /* how often serve was called before */
};

#endif
