/* SPDX-License-Identifier: MIT */
#include "worker/sync/lock.h"

#include <errno.h>

#include "common/check.h"
#include "worker/task/sched.h"

int cop_lock_acquire(struct cop_lock *lock)
{
    struct cop_task *self = sched_current();
    int rc = sched_check(self);

    if (rc < 0)
        return rc;
    if (!lock->owner) {
        lock->owner = self;
        return sched_keep_fair(self, 0);
    }
    CHECK_MSG(lock->owner != self, "a task takes a lock that it holds already");
    sched_waits_on(self, WAITS_ON_OWNER, &lock->owner);
    return waiter_wait(&lock->waiters, NULL, "lock");
}

int cop_lock_try_acquire(struct cop_lock *lock)
{
    if (lock->owner)
        return -EAGAIN;
    lock->owner = sched_current();
    return 0;
}

void cop_lock_release(struct cop_lock *lock)
{
    struct cop_waiter *next = lock->waiters.first;

    CHECK_MSG(lock->owner == sched_current(), "a lock is released by the task that holds it");
    lock->owner = next ? next->task : NULL;
    if (next)
        waiter_wake(next, 0);
}

bool cop_lock_is_locked(const struct cop_lock *lock)
{
    return lock->owner;
}

void lock_acquire_uninterruptible(struct cop_lock *lock)
{
    struct cop_task *self = sched_current();

    if (!lock->owner) {
        lock->owner = self;
        return;
    }
    sched_waits_on(self, WAITS_ON_OWNER, &lock->owner);
    (void)waiter_wait_uninterruptible(&lock->waiters, "lock");
}
