/* SPDX-License-Identifier: MIT */
/*
 * loop.h - a loop's life: made, run, stopped; one per thread, nothing shared between two of them.
 *
 * The only way in from another thread is loop_post. Want of memory is an error, but for libev's own
 * tables, a few bytes for each descriptor that is watched: there it ends the process.
 */
#ifndef COPPICE_LOOP_H
#define COPPICE_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/list.h"
#include "worker/task/task.h"

struct cop_loop;
struct beat;
struct metrics;

/* Why the thread of a blocking loop should leave the kernel's waits. Who sets it sends the thread a
 * signal, again and again until it has left: one that comes just before a wait ends nothing. */
enum loop_interrupt {
    LOOP_INTERRUPT_NONE,
    LOOP_INTERRUPT_IDLE, /* waits for a connection, or for the next request on one */
    LOOP_INTERRUPT_ALL,
};

struct loop_options {
    size_t stack_size; /* of each task */
    bool blocking;     /* for `tasks: 1`: the thread itself serves, and the kernel waits */
    bool is_isolated;  /* nothing but its own tasks gives it work: no listener, no messages */
    bool debug;        /* see debug.h; COPPICE_DEBUG=1 does the same for every loop */
    const COP_ATOMIC int
        *interrupt; /* of a blocking loop: enum loop_interrupt, the caller's; may be NULL */
    const COP_ATOMIC int64_t *idle_until; /* likewise: see loop_idle_until */
    struct metrics *metrics;              /* to count in, the caller's; NULL: the loop's own */
    struct beat *beat; /* where it is shown what a blocking or a hung loop does; may be NULL */
};

/* Make this thread's loop, after the fork and on the thread that will run it. NULL: no memory or
 * descriptors. */
struct cop_loop *loop_new(const struct loop_options *options);

/* Cancel and await the tasks that are left, then free everything; those that have ended and were
 * never awaited are logged. On the loop's own thread. */
void loop_free(struct cop_loop *loop);

/* Run until loop_stop. Returns 0; or -EDEADLK, in debug mode and for a closed loop, when every task
 * waits and nothing can wake one. */
int loop_run(struct cop_loop *loop);
void loop_stop(struct cop_loop *loop);

/* Run other tasks and events until the thread's own task can go on. For sched.c. */
void loop_drive(struct cop_loop *loop);

/* Cancel every task. They end at their next waits. */
void loop_cancel_all(struct cop_loop *loop);

/* What the loop counts. */
struct metrics *loop_metrics(struct cop_loop *loop);

/* Why a blocking loop should leave its waits. */
enum loop_interrupt loop_interrupted(const struct cop_loop *loop);

/* When LOOP_INTERRUPT_IDLE ends the wait for another request on a connection that had one. */
int64_t loop_idle_until(const struct cop_loop *loop);

/* Address space of the stacks that were made so far, in bytes. */
size_t loop_stack_bytes(const struct cop_loop *loop);

/* Tasks alive, and those of them that are ready. */
size_t loop_tasks(const struct cop_loop *loop, size_t *ready);

/* A message to a loop: the caller's memory, until fn has been called. */
struct loop_message {
    struct loop_message *next;
    void (*fn)(struct loop_message *message);
};

/* Have fn(message) called on the loop's stack, soon and in order, at the loop's end at the latest.
 * From any thread; takes no lock. */
void loop_post(struct cop_loop *loop, struct loop_message *message);

/* Have all that tasks, timers and messages need, with room for one task more: a blocking loop makes
 * it when it is first needed, and takes messages from then on while its thread waits for tasks. On
 * the loop's thread. Returns 0, or -ENOMEM without memory or descriptors. */
int loop_prepare(struct cop_loop *loop);

/* A repeated call on the loop's stack. late_ns: how long after its time. After a stall the next one
 * is a whole interval away. NULL: no memory. fn may free its ticker. */
struct loop_ticker;
struct loop_ticker *loop_ticker_new(struct cop_loop *loop, int64_t interval_ns,
                                    void (*fn)(void *arg, int64_t late_ns), void *arg);
void loop_ticker_free(struct loop_ticker *ticker);

/* A call before the loop asks the kernel for events the next time, once: what many tasks of a turn
 * have gathered is done together. The caller's memory, until then or list_remove(&call->node);
 * node is initialised. Asking twice is asking once; a loop that ends calls nothing any more. fn
 * runs on the loop's stack and must not wait.
 */
struct loop_call {
    struct list node;
    void (*fn)(struct loop_call *call);
};

void loop_before_poll(struct cop_loop *loop, struct loop_call *call);

/* Start fn(arg) as a detached task, from the loop's stack or a task. Returns 0 or -ENOMEM. */
int loop_spawn(struct cop_loop *loop, cop_fn fn, void *arg);

#endif
