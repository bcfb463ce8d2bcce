/* SPDX-License-Identifier: MIT */
/*
 * slow_task.h - the watchdog for programs under cop_run: a task that holds its loop too long is
 * told of in the log, with its stack while it does.
 *
 * A loop of cop_run has it in debug mode, with SLOW_TASK_DEFAULT; cop_set_slow_task has it
 * anywhere. Every loop of the process is watched, while one wishes it. A pool has `slow_task` in
 * its configuration instead.
 */
#ifndef COPPICE_SLOW_TASK_H
#define COPPICE_SLOW_TASK_H

#include <stdint.h>

#include "worker/task/task.h"

struct cop_loop;

#define SLOW_TASK_DEFAULT (100 * COP_MS)

/* Tell of each task that holds its loop for `limit` nanoseconds, until the calling loop ends; 0:
 * do not. The limit is the process's: the latest call decides. Does not wait. Returns 0, -EINVAL
 * for a limit below 0 or outside of a loop, -EBUSY in a pool, or -errno of pthread_create. */
COP_PUBLIC int cop_set_slow_task(cop_time limit);

/* How often tasks of the calling loop were told of. 0 outside of a loop. */
COP_PUBLIC uint64_t cop_slow_tasks(void);

/* For loop.c and debug.c: a loop that begins in debug mode, and one that ends. */
void slow_task_debug(struct cop_loop *loop);
void slow_task_leave(struct cop_loop *loop);

/* For debug.c: threads that only watch. */
int slow_task_threads(void);

#endif
