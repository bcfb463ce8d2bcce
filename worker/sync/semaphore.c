/* SPDX-License-Identifier: MIT */
#include "worker/sync/semaphore.h"

#include <errno.h>
#include <limits.h>

#include "worker/task/sched.h"

void cop_semaphore_init(struct cop_semaphore *semaphore, unsigned value)
{
    *semaphore = (struct cop_semaphore){.value = value};
}

int cop_semaphore_init_bounded(struct cop_semaphore *semaphore, unsigned value, unsigned bound)
{
    if (bound == 0 || value > bound)
        return -EINVAL;
    *semaphore = (struct cop_semaphore){.value = value, .bound = bound};
    return 0;
}

/* While tasks wait there are no units: release hands them over. */
int cop_semaphore_try_acquire(struct cop_semaphore *semaphore)
{
    if (semaphore->value == 0)
        return -EAGAIN;
    semaphore->value--;
    return 0;
}

int cop_semaphore_acquire(struct cop_semaphore *semaphore)
{
    struct cop_task *self = sched_current();
    int rc = sched_check(self);

    if (rc < 0)
        return rc;
    if (cop_semaphore_try_acquire(semaphore) == 0)
        return sched_keep_fair(self, 0);
    return waiter_wait(&semaphore->waiters, NULL, "semaphore");
}

int cop_semaphore_release(struct cop_semaphore *semaphore)
{
    if (semaphore->waiters.first) {
        waiter_wake(semaphore->waiters.first, 0);
        return 0;
    }
    if (semaphore->value == (semaphore->bound ? semaphore->bound : UINT_MAX))
        return -EINVAL;
    semaphore->value++;
    return 0;
}
