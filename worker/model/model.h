/* SPDX-License-Identifier: MIT */
/*
 * model.h - how the connections of one loop get to their service: in tasks (model_tasks.c), or one
 * after the other on the thread itself (model_blocking.c). It knows connections, not protocols.
 */
#ifndef COPPICE_MODEL_H
#define COPPICE_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/heritage.h"
#include "worker/stream/connection.h"
#include "worker/task/loop.h"

struct model_options {
    const struct heritage_socket *sockets;
    size_t nsockets;
    unsigned tasks; /* connections at once */
    struct cop_service *service;
};

/* Many connections on a loop of tasks. start, tick and stop run on the loop's stack. */
struct model_tasks;

/* Begin to accept. NULL: no memory. */
struct model_tasks *model_tasks_start(struct cop_loop *loop, const struct model_options *options);

/* Time-outs, gauges, and what waits for better times; call it every quarter of a second or so. */
void model_tasks_tick(struct model_tasks *model);

/* Stop accepting, answer what is in flight, close what is idle, spread over spread_ns. `left` is
 * called once no connection is left, perhaps at once. */
void model_tasks_drain(struct model_tasks *model, int64_t spread_ns, void (*left)(void *arg),
                       void *arg);

/* Cut what is left: tasks are cancelled. Only after model_tasks_drain. */
void model_tasks_cut(struct model_tasks *model);

/* No connection may be left. */
void model_tasks_free(struct model_tasks *model);

/* One connection at a time, with system calls that wait in the kernel. Serves until the loop is
 * interrupted (loop_options.interrupt), and then, where the service is the last, who waits to be
 * accepted. Runs on the thread of the blocking loop. */
void model_blocking_run(struct cop_loop *loop, const struct model_options *options);

#endif
