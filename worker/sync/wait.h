/* SPDX-License-Identifier: MIT */
/*
 * wait.h - wait for some of many tasks, whose references stay with the caller.
 */
#ifndef COPPICE_WAIT_H
#define COPPICE_WAIT_H

#include "worker/task/task.h"

enum cop_return_when {
    COP_FIRST_COMPLETED, /* one task has ended */
    COP_FIRST_EXCEPTION, /* one has ended with an error other than -ECANCELED, or all have ended */
    COP_ALL_COMPLETED,
};

/* Wait until `when` holds for tasks[0 .. n-1], or `timeout` nanoseconds (COP_NEVER) are over, which
 * is no error and cancels nothing. Returns how many have ended; cop_task_done tells which.
 * -ECANCELED leaves the tasks running. -EINVAL for no tasks, a NULL among them or an unknown
 * `when`; -EBUSY when a task stands there twice or another wait looks at it. Errors change nothing.
 */
COP_PUBLIC COP_MUST int cop_wait(struct cop_task *const *tasks, size_t n, enum cop_return_when when,
                                 cop_time timeout);

#endif
