/* SPDX-License-Identifier: MIT */
/*
 * threadsafe.h - the ways into a loop from another thread.
 *
 * Everything else in Coppice belongs to the thread of its loop. The loop must not end before these
 * calls return; what it was sent and did not get to is answered when it ends.
 *
 * A blocking loop (`tasks: 1`) takes no calls: -ENOTSUP. Its thread waits in the kernel, for a
 * connection or for bytes, and what came from outside would get its turn only when the thread
 * happens to wait for tasks, perhaps never. What must reach it goes over a socket or a pipe.
 * cop_to_thread works there, since the thread waits for the answer.
 */
#ifndef COPPICE_THREADSAFE_H
#define COPPICE_THREADSAFE_H

#include <pthread.h>

#include "worker/task/loop.h"

/* The loop of this thread, for others to call into; a bug outside of one. */
COP_PUBLIC struct cop_loop *cop_this_loop(void);

/* Have fn(arg) called on the loop's stack, soon and in order, from any thread. fn must not wait and
 * is in no task: it may set events and futures, and starts no tasks (cop_run_threadsafe does). When
 * the loop ends before, fn is called then, and what such a last call posts is refused. Returns 0,
 * -ENOMEM, -ENOTSUP, -EINVAL without a function, or -ECANCELED in that case. */
COP_PUBLIC COP_MUST int cop_call_soon_threadsafe(struct cop_loop *loop, void (*fn)(void *arg),
                                                 void *arg);

/* A call into a loop, with its result; the calling thread's memory until the wait has returned it.
 */
struct cop_remote_call {
    struct loop_message start;
    struct loop_message stop;
    struct cop_loop *loop;
    cop_fn fn;
    void *arg;
    struct cop_task *task; /* on the loop; NULL before and after its run */
    pthread_mutex_t mutex;
    pthread_cond_t ended;
    unsigned pending; /* ends that are still to come: the run's, the cancelling's */
    bool cancelled;
    int result;
};

/* Run fn(arg) as a task of the loop, from another thread. Returns 0; or -ENOTSUP, -EINVAL without a
 * function, or -EDEADLK on the loop's own thread, and then there is nothing to wait for. */
COP_PUBLIC COP_MUST int cop_run_threadsafe(struct cop_remote_call *call, struct cop_loop *loop,
                                           cop_fn fn, void *arg);

/* Block this thread until fn has returned, or for `timeout` nanoseconds (COP_NEVER). Returns fn's
 * result, -ENOMEM when there was none for a task, -ECANCELED when the loop ended before it began,
 * and the call is over; or -ETIMEDOUT, also where fn has that result: cop_remote_call_done tells.
 */
COP_PUBLIC COP_MUST int cop_remote_call_wait(struct cop_remote_call *call, cop_time timeout);

/* Is it over? */
COP_PUBLIC bool cop_remote_call_done(struct cop_remote_call *call);

/* Cancel the task. Does not wait: the result still has to be waited for. */
COP_PUBLIC void cop_remote_call_cancel(struct cop_remote_call *call);

#endif
