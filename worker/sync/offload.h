/* SPDX-License-Identifier: MIT */
/*
 * offload.h - work that blocks or computes for long goes to a thread, and the loop runs the others.
 *
 * The process has one pool for all its loops. Threads are started when there is work and nobody is
 * idle, up to a limit, and leave after ten idle seconds. They block every signal. fn runs outside
 * of every loop: it may call nothing of Coppice but cop_now and the calls of threadsafe.h.
 */
#ifndef COPPICE_OFFLOAD_H
#define COPPICE_OFFLOAD_H

#include <stddef.h>

#include "worker/task/task.h"

#define COP_OFFLOAD_THREADS 32   /* most at once, unless cop_offload_limit says otherwise */
#define COP_OFFLOAD_QUEUE   1024 /* calls that wait for a thread */

enum cop_offload_flags {
    /* When the caller is cancelled, it returns at once and fn goes on alone: fn and what arg points
     * to must not need the caller's frame. Otherwise the caller waits for fn. */
    COP_ABANDON_ON_CANCEL = 1,
};

/* Run fn(arg) in a thread of the pool and wait for it. A call that no thread has taken when the
 * caller is cancelled does not run any more. Returns fn's result, which beats a cancelling that
 * came after it, or, in the first four cases without a run of fn: -ECANCELED; -EAGAIN when the
 * queue is full or no first thread can be started; -EINVAL for unknown flags or no function;
 * -ENOMEM. -ECANCELED with COP_ABANDON_ON_CANCEL when fn was left alone. */
COP_PUBLIC COP_MUST int cop_to_thread(cop_fn fn, void *arg);
COP_PUBLIC COP_MUST int cop_to_thread_with(cop_fn fn, void *arg, unsigned flags);

/* Set the process's limits, from any thread; threads that are too many leave when they are idle.
 * Returns 0, or -EINVAL for no threads. A queue of 0 takes only what an idle or a new thread can
 * begin at once. */
COP_PUBLIC int cop_offload_limit(size_t threads, size_t queue);

/* Threads there are now, and calls that wait for one. For people. */
COP_PUBLIC size_t cop_offload_threads(size_t *queued);

#endif
