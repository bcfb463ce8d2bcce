/* SPDX-License-Identifier: MIT */
/*
 * deferred.h - clean-up that runs when a task ends, however it ends.
 */
#ifndef COPPICE_DEFERRED_H
#define COPPICE_DEFERRED_H

#include "worker/task/task.h"

/* The caller's memory until fn has been called, which may free it. It cannot lie in the frame of
 * the task's own function, which is gone by then. */
struct cop_deferred {
    struct cop_deferred *next;
    void (*fn)(void *arg);
    void *arg;
};

/* Have fn(arg) called when the running task's function has returned: the last one first, in the
 * task, which is shielded from cancelling then; it may wait and may defer more. Returns 0, or
 * -EINVAL without a node or a function. */
COP_PUBLIC int cop_defer(struct cop_deferred *deferred, void (*fn)(void *arg), void *arg);

/* For extras.c: run and empty the list of the running task. */
void deferred_run(struct cop_deferred **first);

#endif
