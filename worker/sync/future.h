/* SPDX-License-Identifier: MIT */
/*
 * future.h - a result that comes later, once, for any number of tasks. Zeroed: pending.
 */
#ifndef COPPICE_FUTURE_H
#define COPPICE_FUTURE_H

#include "worker/sync/waiter.h"

struct cop_future {
    bool done;
    int error; /* 0, or what it failed with */
    intptr_t value;
    struct cop_waiters waiters;
};

/* Wait for the result. Returns 0 (cop_future_value has it), the error that was set, or -ECANCELED
 * when the future or the caller was cancelled. A future that is done is read even by a cancelled
 * task. */
COP_PUBLIC COP_MUST int cop_future_wait(struct cop_future *future);

/* Settle it, and let all that wait go on. Returns 0; -EALREADY when it is settled, with nothing
 * changed; set_error: -EINVAL when error is not negative. cancel is set_error of -ECANCELED. */
COP_PUBLIC int cop_future_set_result(struct cop_future *future, intptr_t value);
COP_PUBLIC int cop_future_set_error(struct cop_future *future, int error);
COP_PUBLIC int cop_future_cancel(struct cop_future *future);

COP_PUBLIC bool cop_future_done(const struct cop_future *future);

/* What was set; 0 before that and after an error. */
COP_PUBLIC intptr_t cop_future_value(const struct cop_future *future);

#endif
