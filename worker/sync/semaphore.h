/* SPDX-License-Identifier: MIT */
/*
 * semaphore.h - a number of units, of which each holder has one. FIFO: release hands its unit to
 * whoever waits longest, and nobody overtakes. Zeroed: no units, and no bound.
 */
#ifndef COPPICE_SEMAPHORE_H
#define COPPICE_SEMAPHORE_H

#include "worker/sync/waiter.h"

struct cop_semaphore {
    unsigned value;
    unsigned bound; /* most units there can be; 0: as many as the number holds */
    struct cop_waiters waiters;
};

COP_PUBLIC void cop_semaphore_init(struct cop_semaphore *semaphore, unsigned value);

/* One whose value never passes `bound`. Returns 0, or -EINVAL when bound is 0 or less than value.
 */
COP_PUBLIC int cop_semaphore_init_bounded(struct cop_semaphore *semaphore, unsigned value,
                                          unsigned bound);

/* Take a unit; waits for one. Returns 0, or -ECANCELED without one. */
COP_PUBLIC COP_MUST int cop_semaphore_acquire(struct cop_semaphore *semaphore);

/* Take a unit if that needs no wait. Returns 0 or -EAGAIN. */
COP_PUBLIC COP_MUST int cop_semaphore_try_acquire(struct cop_semaphore *semaphore);

/* Give a unit back; from any task. Returns 0, or -EINVAL above the bound, with nothing changed. */
COP_PUBLIC int cop_semaphore_release(struct cop_semaphore *semaphore);

#endif
