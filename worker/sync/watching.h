/* SPDX-License-Identifier: MIT */
/*
 * watching.h - one watcher for the ends of many tasks. What wait.c and as_completed.c share.
 */
#ifndef COPPICE_WATCHING_H
#define COPPICE_WATCHING_H

#include "worker/task/extras.h"

/* Set the watcher for every task; one that has ended already will not tell it. Returns 0; -EINVAL
 * for no tasks or a NULL among them; -EBUSY when one is watched already. Errors change nothing. */
int watching_start(struct cop_task *const *tasks, size_t n, struct task_watcher *watcher);

/* Take it away where it still stands. */
void watching_stop(struct cop_task *const *tasks, size_t n, struct task_watcher *watcher);

/* The same as watching_start for one task. */
int watching_start_one(struct cop_task *task, struct task_watcher *watcher);

#endif
