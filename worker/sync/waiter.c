/* SPDX-License-Identifier: MIT */
#include "worker/sync/waiter.h"

#include "worker/task/sched.h"

void waiter_wake(struct cop_waiter *waiter, int result)
{
    CHECK_MSG(waiter->task->loop == loop_here,
              "a task is woken on its own loop: from elsewhere use cop_call_soon_threadsafe");
    waiter_unlink(waiter);
    waiter->result = result;
    if (waiter->won)
        waiter->won(waiter);
    sched_wake(waiter->task, result);
}

void waiters_wake_all(struct cop_waiters *waiters, int result)
{
    while (waiters->first)
        waiter_wake(waiters->first, result);
}

static void begin(struct cop_waiters *waiters, struct cop_waiter *waiter, void *item)
{
    waiter->task = sched_current();
    waiter->item = item;
    waiter->won = NULL;
    /* A lock has said already who holds it. */
    if (waiter->task->waits_on == WAITS_ON_UNKNOWN)
        sched_waits_on(waiter->task, WAITS_ON_TASKS, waiters);
    waiter_link(waiters, waiter);
}

int waiter_wait(struct cop_waiters *waiters, void *item, const char *why)
{
    struct cop_waiter waiter;
    int rc;

    begin(waiters, &waiter, item);
    rc = sched_park(waiter.task, why, COP_NEVER);
    /* Out of the list it was completed, and then rc is the waker's even if that is -ECANCELED. */
    waiter_unlink(&waiter);
    return rc;
}

int waiter_wait_uninterruptible(struct cop_waiters *waiters, const char *why)
{
    struct cop_waiter waiter;

    begin(waiters, &waiter, NULL);
    return sched_park_uninterruptible(waiter.task, why);
}
