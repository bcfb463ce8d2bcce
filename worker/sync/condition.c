/* SPDX-License-Identifier: MIT */
#include "worker/sync/condition.h"

#include "common/check.h"
#include "worker/task/sched.h"

int cop_condition_wait(struct cop_condition *condition, struct cop_lock *lock)
{
    struct cop_task *self = sched_current();
    struct cop_waiter waiter;
    int rc = sched_check(self);

    CHECK_MSG(lock->owner == self, "a condition is waited for with its lock held");
    if (rc < 0)
        return rc;
    cop_lock_release(lock);
    waiter.won = NULL;
    rc = waiter_wait(&condition->waiters, &waiter, "condition");
    lock_acquire_uninterruptible(lock);
    return rc;
}

int cop_condition_wait_for(struct cop_condition *condition, struct cop_lock *lock,
                           bool (*predicate)(void *arg), void *arg)
{
    int rc = 0;

    CHECK_MSG(lock->owner == sched_current(), "a condition is waited for with its lock held");
    while (rc == 0 && !predicate(arg))
        rc = cop_condition_wait(condition, lock);
    return rc;
}

void cop_condition_notify(struct cop_condition *condition, size_t n)
{
    for (; n > 0 && condition->waiters.first; n--)
        waiter_wake(condition->waiters.first, 0);
}

void cop_condition_notify_all(struct cop_condition *condition)
{
    waiters_wake_all(&condition->waiters, 0);
}
