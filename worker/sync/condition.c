/* SPDX-License-Identifier: MIT */
#include "worker/sync/condition.h"

#include "common/check.h"
#include "worker/task/sched.h"

int cop_condition_wait(struct cop_condition *condition, struct cop_lock *lock)
{
    struct cop_task *self = sched_current();
    int rc = sched_check(self);

    CHECK_MSG(lock->owner == self, "a condition is waited for with its lock held");
    if (rc < 0)
        return rc;
    cop_lock_release(lock);
    rc = waiter_wait(&condition->waiters, NULL, "condition");
    lock_acquire_uninterruptible(lock);
    return rc;
}

int cop_condition_wait_for(struct cop_condition *condition, struct cop_lock *lock,
                           bool (*predicate)(void *arg), void *arg)
{
    struct cop_task *self = sched_current();
    int rc = 0;

    CHECK_MSG(lock->owner == self, "a condition is waited for with its lock held");
    if (predicate(arg))
        return sched_keep_fair(self, 0);
    do
        rc = cop_condition_wait(condition, lock);
    while (rc == 0 && !predicate(arg));
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
