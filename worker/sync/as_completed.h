/* SPDX-License-Identifier: MIT */
/*
 * as_completed.h - tasks in the order in which they end.
 *
 *     struct cop_as_completed completed;
 *     rc = cop_as_completed_init(&completed, tasks, n);
 *     while (rc >= 0 && (rc = cop_as_completed_next(&completed, &task)) > 0)
 *         rc = cop_await(task);
 *     cop_as_completed_fini(&completed);
 *
 * The references stay with the caller, but a task must not be awaited or detached before next has
 * returned it, unless fini was called.
 */
#ifndef COPPICE_AS_COMPLETED_H
#define COPPICE_AS_COMPLETED_H

#include "common/list.h"
#include "worker/task/extras.h"

struct cop_as_completed {
    struct task_watcher watcher;
    struct list pending;
    struct list done;        /* not returned yet */
    struct cop_task *waiter; /* in next */
};

/* Begin; fini must follow. Returns 0; -EINVAL for no tasks or a NULL among them; -EBUSY when a task
 * stands there twice or another wait looks at it: then there is nothing to return. */
COP_PUBLIC COP_MUST int cop_as_completed_init(struct cop_as_completed *completed,
                                              struct cop_task *const *tasks, size_t n);

/* The next task that has ended; waits for it. Returns 1 with *task set, 0 when all were returned,
 * or -ECANCELED with none lost. */
COP_PUBLIC COP_MUST int cop_as_completed_next(struct cop_as_completed *completed,
                                              struct cop_task **task);

/* Stop; the tasks that were not returned go on. */
COP_PUBLIC void cop_as_completed_fini(struct cop_as_completed *completed);

#endif
