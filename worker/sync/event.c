/* SPDX-License-Identifier: MIT */
#include "worker/sync/event.h"

#include "worker/task/sched.h"

int cop_event_wait(struct cop_event *event)
{
    struct cop_task *self = sched_current();
    int rc = sched_check(self);

    if (rc < 0)
        return rc;
    if (event->set)
        return sched_keep_fair(self, 0);
    return waiter_wait(&event->waiters, NULL, "event");
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
