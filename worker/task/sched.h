/* SPDX-License-Identifier: MIT */
/*
 * sched.h - the heart of a loop: its tasks, the ready queue, parking and waking. For the files of
 * worker/task and the synchronisation on top of it; apps see task.h and scope.h.
 *
 * The ready queue is FIFO. A task that parks switches straight to the next ready one; the thread's
 * own stack gets its turn when the snapshot of the queue has run and the kernel should be asked for
 * events, and only that stack polls. To wait: put a node on the own stack into the object's list,
 * park, and look at the result: woken (the waker took the node out), or interrupted (take it out
 * yourself). A completion that meets an interrupted task that has not run yet replaces the
 * interruption, so that nothing handed over is lost.
 */
#ifndef COPPICE_SCHED_H
#define COPPICE_SCHED_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/check.h"
#include "common/list.h"
#include "common/metrics.h"
#include "worker/task/census.h"
#include "worker/task/exception.h"
#include "worker/task/extras.h"
#include "worker/task/loop.h"
#include "worker/task/overflow.h"
#include "worker/task/sanitize.h"
#include "worker/task/scope.h"
#include "worker/task/stack.h"
#include "worker/task/timer.h"
#include "worker/task/watchdog.h"

struct profile;
struct task_trace;

enum task_state { TASK_READY, TASK_RUNNING, TASK_PARKED, TASK_DONE };

/* What `on` of a parked task points to. */
enum waits_on {
    WAITS_ON_UNKNOWN,
    WAITS_ON_IO,    /* struct io */
    WAITS_ON_TASK,  /* its end */
    WAITS_ON_OWNER, /* where the task stands that holds what is wanted: struct cop_task * */
    WAITS_ON_GROUP, /* struct list of `siblings`, all awaited */
    WAITS_ON_TASKS, /* what other tasks of this loop give, whichever they are */
};

struct cop_task {
    /* One cache line: all that a switch, a check and a wake look at. */
    void *sp;
    struct cop_task *next; /* in the ready queue */
    struct cop_loop *loop;
    struct cop_scope *scope; /* innermost */
    cop_time deadline;       /* the earliest of the scopes that count */
    cop_time wait_until;     /* of a parked task: the end of its wait, or the deadline before it */
    const char *why;         /* what a parked task waits for */
    int wake_result;
    uint8_t state;        /* enum task_state */
    bool cancelled;       /* a wait would return -ECANCELED */
    bool interrupted;     /* wake_result came from an interruption */
    bool uninterruptible; /* parked until a completion, whatever is cancelled */

    cop_fn fn;
    void *arg;
    int result;
    bool detached;
    struct stack *stack;                  /* NULL: the thread's own */
    struct stack_pool *pool;              /* where the stack goes back to */
    struct cop_task *waiter;              /* who awaits the end */
    void (*ended)(struct cop_task *task); /* called at its end, which its owner need not await */
    void *owner;                          /* for `ended`: the group */
    struct list siblings;                 /* in the group */
    struct list all;                      /* in the loop */
    struct timer timer; /* may run out before wait_until, or in vain: then it is set again */
    struct cop_scope root;
    const char *label;
    uint32_t label_len;
    void *serves;     /* what a protocol knows of the task's work, for itself; NULL: nothing */
    uint8_t waits_on; /* enum waits_on, of a parked task */
    bool awaited;     /* of call_graph.c */
    const void *on;
    uint64_t id;
    cop_time born;            /* by loop->now */
    struct task_trace *trace; /* in debug mode; NULL otherwise */
    struct extras extras;
    struct sanitize_stack sanitize;
};

struct cop_loop {
    struct cop_task *current;
    struct cop_task *head;    /* the ready queue: first the snapshot that is running, */
    struct cop_task **tail;   /* then what became ready since */
    uint32_t nbatch;          /* tasks of the snapshot that have not run */
    uint32_t nqueued;         /* tasks behind them */
    uint32_t resumes;         /* tasks in the snapshots since the last poll */
    uint32_t look_at;         /* look at the clock after so many of them */
    int64_t now;              /* clock_now() at the last poll */
    int64_t coarse;           /* the coarse clock, likewise */
    struct cop_task *leaving; /* a task that has ended and must be taken apart on another stack */
    struct cop_task **poll_tail; /* where this poll's events go in the queue; NULL: none runs */
    struct cop_task **event_end; /* where the tasks of this event go */
    bool blocking;               /* tasks: 1, the kernel waits */
    bool debug;                  /* see debug.h */
    bool is_isolated;            /* see loop_options */
    bool stopped;
    bool wants_watchdog;   /* see slow_task.h */
    bool closing;          /* in loop_free: no new tasks from outside */
    bool is_ending;        /* the last messages are being called */
    uint8_t credit;        /* see sched_keep_fair */
    _Atomic uint64_t turn; /* moves at each switch; odd while a task runs. Other threads read it */
    uint64_t next_id;
    size_t ntasks; /* alive, without the thread's own */
    struct list tasks;
    struct list before_poll; /* struct loop_call */
    struct stack_pool stacks;
    struct stack_pool *sized[STACK_CLASSES]; /* stacks of other sizes, made when one is asked for */
    struct timer_heap timers;
    struct cop_task thread;       /* what runs on the thread's own stack */
    const _Atomic int *interrupt; /* see loop_options */
    const _Atomic int64_t *idle_until;
    struct beat *beat;             /* may be NULL */
    cop_exception_fn on_exception; /* NULL: the process's */
    struct metrics *metrics;
    struct metrics *own_metrics; /* the same, or NULL when the caller brought them */
    struct poller *poller;       /* libev; in a blocking loop made when it is first needed */
    struct overflow overflow;
    struct census_entry census;
    struct watch watch;
    struct profile *_Atomic profile; /* NULL: never profiled */
    int64_t cpu_mark;                /* of debug.c: the thread's CPU time at the last switch */
};

/* The loop of this thread; NULL outside of one. */
extern _Thread_local struct cop_loop *loop_here;

/* The running task, which must exist. */
static inline struct cop_task *sched_current(void)
{
    CHECK_MSG(loop_here && loop_here->current, "called outside a task: use cop_run");
    return loop_here->current;
}

/* This thread's loop, which must exist. */
static inline struct cop_loop *sched_here(void)
{
    CHECK_MSG(loop_here, "called on a thread without a loop: use cop_run");
    return loop_here;
}

/* Is the running task the thread's own, with no other beside it? Then the kernel may wait. */
static inline bool sched_is_alone(const struct cop_task *self)
{
    return self == &self->loop->thread && self->loop->ntasks == 0;
}

/* A new task, not ready yet: fn(arg) on a stack of its own. NULL: no memory. */
struct cop_task *sched_spawn(struct cop_loop *loop, cop_fn fn, void *arg);

/* The same on a stack of at least this size, rounded up to a power of two. */
struct cop_task *sched_spawn_sized(struct cop_loop *loop, cop_fn fn, void *arg, size_t stack_size);

/* Let the running task end here and be another one from now on, on the same stack. False where it
 * cannot be another: cancelled, watched, or in debug mode. */
bool sched_renew(struct cop_task *self);

/* Give back a task that is TASK_DONE. */
void sched_reap(struct cop_task *task);

/* Put a task that is not in the queue at its end. */
void sched_ready(struct cop_task *task);

/* 0, or -ECANCELED when the running task must not wait. Every wait begins with it. */
static inline int sched_check(struct cop_task *self)
{
    return __builtin_expect(self->cancelled || self->deadline <= self->loop->now, 0) ? -ECANCELED
                                                                                     : 0;
}

/* See cop_task_set_label. */
void sched_show_label(struct cop_task *task);

static inline void sched_set_label(struct cop_task *task, const char *label, size_t len)
{
    task->label = label;
    task->label_len = (uint32_t)len;
    if (task == &task->loop->thread)
        sched_show_label(task);
}

/* For people and for the deadlock report: what the wait that follows waits on. Lasts for one wait.
 */
static inline void sched_waits_on(struct cop_task *self, enum waits_on what, const void *on)
{
    self->waits_on = (uint8_t)what;
    self->on = on;
}

/* Park the running task until it is woken or interrupted, or `until` has come. Returns what the
 * waker gave, -ETIMEDOUT for `until`, -ECANCELED for a scope; on the thread of a blocking loop also
 * -ENOMEM, see loop_prepare. */
int sched_park(struct cop_task *self, const char *why, cop_time until);

/* Park until it is woken; nothing interrupts it. */
int sched_park_uninterruptible(struct cop_task *self, const char *why);

/* Complete the wait of a parked task. */
void sched_wake(struct cop_task *task, int result);

/* The same where what it waited for is gone: a task that has been woken and has not run yet learns
 * this result instead. */
void sched_fail(struct cop_task *task, int result);

/* End the wait of a parked task from outside; harmless where the task is not parked. */
void sched_interrupt(struct cop_task *task, int result);

/* Let the others run once. */
void sched_yield_to_others(struct cop_task *self);

/* So many calls may succeed without a wait before the others get their turn. */
#define SCHED_STREAK_MAX 96

/* The running task's streak is over: the others get their turn. Returns `result`. */
int sched_end_streak(struct cop_task *self, int result);

/* A call succeeded without a wait, and what it got is the caller's, cancelled or not: the others
 * get their turn now and then, in which the object of the call may end. Returns `result`. */
static inline int sched_keep_fair(struct cop_task *self, int result)
{
    return __builtin_expect(--self->loop->credit == 0, 0) ? sched_end_streak(self, result) : result;
}

/* Around a poll; and at the start of each of its events, of which the last comes first: what they
 * make ready is put in the order in which the kernel told it. */
void sched_poll_begin(struct cop_loop *loop);
void sched_poll_end(struct cop_loop *loop);

static inline void sched_event(struct cop_loop *loop)
{
    loop->event_end = loop->poll_tail;
}

/* Run what is ready until the kernel should be asked again; on the thread's own stack. */
void sched_run_ready(struct cop_loop *loop);

/* Wake the tasks whose time has come. */
void sched_expire(struct cop_loop *loop);

/* scope.c: mark the scopes whose deadline has passed. */
void scope_expire(struct cop_task *task, int64_t now);

#endif
