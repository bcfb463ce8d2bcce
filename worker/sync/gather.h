/* SPDX-License-Identifier: MIT */
/*
 * gather.h - call functions side by side, each in a task of its own, and have all their results.
 */
#ifndef COPPICE_GATHER_H
#define COPPICE_GATHER_H

#include "worker/task/task.h"

struct gather;

struct cop_call {
    cop_fn fn;
    void *arg;
    int rc;                /* its result, when cop_gather has returned */
    struct gather *gather; /* cop_gather's own */
};

/* An error ends nothing but its own call. Without it the first one cancels the others. */
#define COP_RETURN_EXCEPTIONS 1u

/* Run calls[0 .. n-1] and wait for all of them; each rc is set. Returns 0 when all succeeded; the
 * first error, by time, with COP_RETURN_EXCEPTIONS 0 in spite of it; -ENOMEM or -ECANCELED, after
 * what was started was cancelled and has ended (a call that was not started has that rc); a caller
 * that is cancelled after the first error gets the error. No calls at all succeed at once. -EINVAL
 * for unknown flags or a call without a function, with nothing changed. */
COP_PUBLIC COP_MUST int cop_gather(struct cop_call *calls, size_t n, unsigned flags);

/* Call fn(&items[i]) for each of n items of item_size bytes, side by side; with items NULL it is
 * fn(NULL), n times. Returns 0, the first error, which cancels the others, or as cop_gather. */
COP_PUBLIC COP_MUST int cop_for_each(cop_fn fn, void *items, size_t n, size_t item_size);

#endif
