/* SPDX-License-Identifier: MIT */
/*
 * barrier.h - tasks that go on together once a number of them has arrived; then it begins anew.
 */
#ifndef COPPICE_BARRIER_H
#define COPPICE_BARRIER_H

#include "worker/sync/waiter.h"

struct cop_barrier {
    unsigned parties;
    unsigned arrived; /* and waiting */
    bool broken;
    struct cop_waiters waiters;
};

/* Returns 0, or -EINVAL for no parties. */
COP_PUBLIC int cop_barrier_init(struct cop_barrier *barrier, unsigned parties);

/* Wait until `parties` tasks do. Returns a number from 0 to parties - 1, in the order of arrival;
 * -EPIPE when the barrier is broken, or -ECANCELED: then the caller does not count as arrived, and
 * the barrier is as whole as before. */
COP_PUBLIC COP_MUST int cop_barrier_wait(struct cop_barrier *barrier);

/* Break it: those who wait, and those who come, get -EPIPE. */
COP_PUBLIC void cop_barrier_abort(struct cop_barrier *barrier);

/* Make it whole again; who waits now gets -EPIPE. */
COP_PUBLIC void cop_barrier_reset(struct cop_barrier *barrier);

COP_PUBLIC bool cop_barrier_is_broken(const struct cop_barrier *barrier);

#endif
