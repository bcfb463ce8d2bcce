/* SPDX-License-Identifier: MIT */
/*
 * app.h - an app is one descriptor: what to serve, and how it starts and stops.
 *
 * The table of built-in apps is in app.c; one app, one file. start() runs once in each loop of each
 * worker.
 */
#ifndef COPPICE_APP_H
#define COPPICE_APP_H

#include "common/config.h"
#include "worker/stream/connection.h"

struct cop_app {
    const char *name;
    const char *help; /* one line */
    /* Prepare this loop: fill in service->serve and service->arg (the timeouts are set from the
     * pool). Returns 0, or -errno with a sentence in error[0 .. size), and the worker does not
     * start. */
    int (*start)(const struct config_pool *pool, struct cop_service *service, char *error,
                 size_t size);
    /* Undo start; no connection is left. */
    void (*stop)(struct cop_service *service);
    /* For apps without connections (coppice load): the loop's whole work, in a task. The worker
     * ends when it returns, with exit code 0 for a result >= 0. NULL for servers. */
    int (*run)(struct cop_service *service);
};

/* NULL when there is no such app. */
const struct cop_app *app_find(const char *name);

/* The i-th built-in app, NULL past the last. */
const struct cop_app *app_at(size_t i);

#endif
