/* SPDX-License-Identifier: MIT */
/*
 * condition.h - wait, with a lock held, until something that the lock protects has become true.
 * Zeroed: nobody waits. Those who are notified go on in the order in which they came.
 *
 *     rc = cop_lock_acquire(&lock);
 *     rc = cop_condition_wait_for(&condition, &lock, is_ready, &state);
 */
#ifndef COPPICE_CONDITION_H
#define COPPICE_CONDITION_H

#include "worker/sync/lock.h"

struct cop_condition {
    struct cop_waiters waiters;
};

/* Release the lock, wait for a notification, and take the lock again: it is held on return, error
 * or not, even if that has to wait under cancelling. Returns 0 (look at the state: it may have
 * changed again) or -ECANCELED, without having used up a notification. */
COP_PUBLIC COP_MUST int cop_condition_wait(struct cop_condition *condition, struct cop_lock *lock);

/* Wait until predicate(arg), which is called with the lock held, is true. Returns 0 or -ECANCELED.
 */
COP_PUBLIC COP_MUST int cop_condition_wait_for(struct cop_condition *condition,
                                               struct cop_lock *lock, bool (*predicate)(void *arg),
                                               void *arg);

/* Let the first n that wait go on. Does not wait, and needs no lock. */
COP_PUBLIC void cop_condition_notify(struct cop_condition *condition, size_t n);
COP_PUBLIC void cop_condition_notify_all(struct cop_condition *condition);

#endif
