/* SPDX-License-Identifier: MIT */
#include "worker/sync/future.h"

#include <errno.h>

#include "worker/task/sched.h"

int cop_future_wait(struct cop_future *future)
{
    struct cop_task *self = sched_current();
    int rc = sched_check(self);

    if (future->done)
        return sched_keep_fair(self, future->error);
    if (rc < 0)
        return rc;
    return waiter_wait(&future->waiters, NULL, "future");
}

static int settle(struct cop_future *future, int error, intptr_t value)
{
    if (future->done)
        return -EALREADY;
    future->done = true;
    future->error = error;
    future->value = value;
    waiters_wake_all(&future->waiters, error);
    return 0;
}

int cop_future_set_result(struct cop_future *future, intptr_t value)
{
    return settle(future, 0, value);
}

int cop_future_set_error(struct cop_future *future, int error)
{
    return error < 0 ? settle(future, error, 0) : -EINVAL;
}

int cop_future_cancel(struct cop_future *future)
{
    return settle(future, -ECANCELED, 0);
}

bool cop_future_done(const struct cop_future *future)
{
    return future->done;
}

intptr_t cop_future_value(const struct cop_future *future)
{
    return future->value;
}
