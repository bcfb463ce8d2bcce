/* SPDX-License-Identifier: MIT */
/*
 * generation.h - a configuration and the pools that it asks for.
 *
 * Usually there is one, which serves. A reload has another one start beside it, which replaces it
 * when all its workers are ready; the one before lives on until its workers have drained. A
 * generation that may not serve leaves in the same way.
 */
#ifndef COPPICE_GENERATION_H
#define COPPICE_GENERATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/config.h"
#include "common/list.h"
#include "master/master.h"
#include "master/pool.h"

enum generation_state {
    GENERATION_STARTING, /* its workers are to become ready; the first that fails decides */
    GENERATION_SERVING,
    GENERATION_LEAVING, /* wants no workers any more */
};

struct generation {
    struct list node; /* in master->generations */
    struct master *master;
    uint32_t number;
    enum generation_state state;
    bool has_failed;             /* its start: then it never served */
    int64_t hurry_ns;            /* it has to drain until then; 0: drain_timeout counts */
    char failure[POOL_TEXT_MAX]; /* of its start; "" so far */
    struct config *config;
    struct pool **pools;
    size_t npools;
};

/* The next generation, STARTING, with its pools, in no list yet. Takes config, also on failure.
 * NULL: no memory. */
struct generation *generation_new(struct master *master, struct config *config);

/* No worker of it may be left. */
void generation_free(struct generation *generation);

/* Take over or bind the sockets of all pools. Returns 0, or -errno with
 * "[FILE:LINE:COLUMN: ]pool NAME: ADDRESS: reason" in error[0 .. size) and nothing left open that
 * was not. */
int generation_open(struct generation *generation, char *error, size_t size);

/* Close its sockets; those that another generation wants stay open. */
void generation_close(struct generation *generation);

/* It cannot start, and why; the first reason counts. */
void generation_fail(struct generation *generation, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Every pool has all the workers that it wants. */
bool generation_is_complete(const struct generation *generation);

/* Is there a worker of it? */
bool generation_has_workers(const struct generation *generation);

/* The pool of that name; NULL: there is none. */
struct pool *generation_pool(const struct generation *generation, const char *name);

#endif
