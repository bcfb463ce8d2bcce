/* SPDX-License-Identifier: MIT */
/*
 * lock.h - one task at a time. For what must hold across a wait; between two waits a task is alone
 * on its loop anyway. Zeroed: unlocked. FIFO: release hands the lock to whoever waits longest.
 */
#ifndef COPPICE_LOCK_H
#define COPPICE_LOCK_H

#include "worker/sync/waiter.h"

struct cop_lock {
    struct cop_task *owner; /* NULL: unlocked */
    struct cop_waiters waiters;
};

/* Take the lock; waits for it. Not recursive: to take one's own is a bug. Returns 0 or -ECANCELED,
 * without the lock. */
COP_PUBLIC COP_MUST int cop_lock_acquire(struct cop_lock *lock);

/* Take the lock if that needs no wait. Returns 0 or -EAGAIN. */
COP_PUBLIC COP_MUST int cop_lock_try_acquire(struct cop_lock *lock);

/* Give it back; by its owner alone, which must do so before it ends. */
COP_PUBLIC void cop_lock_release(struct cop_lock *lock);

COP_PUBLIC bool cop_lock_is_locked(const struct cop_lock *lock);

/* For condition.c: take it, whatever is cancelled. */
void lock_acquire_uninterruptible(struct cop_lock *lock);

#endif
