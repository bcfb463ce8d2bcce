/* SPDX-License-Identifier: MIT */
#include "worker/sync/event.h"

#include "worker/task/sched.h"

int cop_event_wait(struct cop_event *event)
{
    struct cop_waiter waiter;
    int rc = sched_check(sched_current());

    if (rc < 0 || event->set)
        return rc;
    waiter.won = NULL;
    return waiter_wait(&event->waiters, &waiter, "event");
}

void cop_event_set(struct cop_event *event)
{
    event->set = true;
    waiters_wake_all(&event->waiters, 0);
}

void cop_event_clear(struct cop_event *event)
{
    event->set = false;
}

bool cop_event_is_set(const struct cop_event *event)
{
    return event->set;
}
