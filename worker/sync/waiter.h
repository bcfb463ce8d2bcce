/* SPDX-License-Identifier: MIT */
/*
 * waiter.h - who waits for an object, in order. The ground under everything in this folder.
 *
 * A waiter lies on its task's stack and stands in the object's list exactly as long as it may still
 * be given something. To give, take the first one out and wake it (waiter_wake): from then on its
 * task has it, even when it was cancelled in the same moment and has not run yet. A task whose wait
 * was interrupted takes its waiter out itself, and has been given nothing. So no unit is ever on
 * the way: it belongs to the object or to a task.
 */
#ifndef COPPICE_WAITER_H
#define COPPICE_WAITER_H

#include "worker/task/task.h"

struct cop_waiter {
    struct cop_waiter *next;
    struct cop_waiter *prev;
    struct cop_waiters *list; /* NULL: in none */
    struct cop_task *task;
    void *item; /* what to fill or to take from, where the object hands over bytes */
    int result;
    void (*won)(struct cop_waiter *waiter); /* select's: called before the task is woken, or NULL */
};

/* Zeroed: nobody. */
struct cop_waiters {
    struct cop_waiter *first;
    struct cop_waiter *last;
};

static inline void waiter_link(struct cop_waiters *waiters, struct cop_waiter *waiter)
{
    waiter->list = waiters;
    waiter->next = NULL;
    waiter->prev = waiters->last;
    if (waiters->last)
        waiters->last->next = waiter;
    else
        waiters->first = waiter;
    waiters->last = waiter;
}

/* Harmless for one that is in no list. */
static inline void waiter_unlink(struct cop_waiter *waiter)
{
    struct cop_waiters *waiters = waiter->list;

    if (!waiters)
        return;
    if (waiter->prev)
        waiter->prev->next = waiter->next;
    else
        waiters->first = waiter->next;
    if (waiter->next)
        waiter->next->prev = waiter->prev;
    else
        waiters->last = waiter->prev;
    waiter->list = NULL;
}

/* Take the waiter out, and have its wait return `result`. On the loop of its task: from elsewhere
 * it is a bug. */
void waiter_wake(struct cop_waiter *waiter, int result);

/* The same for all that wait now. */
void waiters_wake_all(struct cop_waiters *waiters, int result);

/* Stand at the end as the running task, with an item or NULL, and wait. The caller has asked
 * sched_check. Returns what waiter_wake gave, or -ECANCELED when nothing was given. */
int waiter_wait(struct cop_waiters *waiters, void *item, const char *why);

/* The same, until it is woken, whatever is cancelled. */
int waiter_wait_uninterruptible(struct cop_waiters *waiters, const char *why);

#endif
