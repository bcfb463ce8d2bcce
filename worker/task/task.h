/* SPDX-License-Identifier: MIT */
/*
 * task.h - green tasks: a function on a stack of its own, which waits without blocking its loop.
 *
 * Every function here is called from inside a loop (cop_run, or a server's handler); outside of one
 * it is a bug, and CHECK says so. Results are >= 0, errors are -errno; errno itself means nothing
 * across a wait. Cancelling is level-triggered: under a cancelled scope that is not shielded, every
 * wait returns -ECANCELED. A wait that has completed returns its result even if it was cancelled
 * meanwhile. A call that could wait and need not lets the others run now and then all the same, so
 * that a task whose calls all succeed at once stops neither tasks nor deadlines; cop_queue_try_get
 * and its like, which cannot wait, never do that. In a blocking loop (`tasks: 1`) a wait that the
 * kernel alone cannot do needs a scheduler, and may return -ENOMEM where there is no memory or
 * descriptor for one.
 */
#ifndef COPPICE_TASK_H
#define COPPICE_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/public.h"

/* Of a field that threads share; C++ has another word for the same bytes. */
#ifdef __cplusplus
#define COP_ATOMIC volatile
#else
#define COP_ATOMIC _Atomic
#endif

typedef int64_t cop_time; /* nanoseconds; a point in time is one of CLOCK_MONOTONIC */
typedef int (*cop_fn)(void *arg);

#define COP_NEVER INT64_MAX
#define COP_MS    INT64_C(1000000)
#define COP_S     INT64_C(1000000000)

struct cop_task;

/* Run main(arg) as the first task of a new loop on this thread, until it returns; tasks that are
 * left are cancelled and awaited. Returns main's result, or -ENOMEM without memory or descriptors,
 * -EINVAL without a function, or -EBUSY inside a loop; in debug mode -EDEADLK, after a report, when
 * every task waits and nothing can wake one. */
COP_PUBLIC int cop_run(cop_fn main, void *arg);

/* cop_run as a whole program: an error goes to stderr in words. Returns the exit code, 0 or 1. */
COP_PUBLIC int cop_main(cop_fn main, void *arg);

/* The main of a program that is one function. */
#define COP_MAIN(fn)               \
    int main(void)                 \
    {                              \
        return cop_main(fn, NULL); \
    }

/* Now, by CLOCK_MONOTONIC. */
COP_PUBLIC cop_time cop_now(void);

/* The point in time d nanoseconds from now, for deadlines; COP_NEVER for COP_NEVER and whatever
 * else would pass it, where cop_now() + d overflows. */
COP_PUBLIC cop_time cop_after(cop_time d);

/* Wait for d nanoseconds, a millisecond more at most; d <= 0 is cop_yield, COP_NEVER until it is
 * cancelled. Returns 0 or -ECANCELED. */
COP_PUBLIC int cop_sleep(cop_time d);

/* Let every other ready task run once. Returns 0 or -ECANCELED. */
COP_PUBLIC int cop_yield(void);

/* The place in the source, for the reports about a task that was started there. */
#define COP_TEXT_OF(line) #line
#define COP_TEXT(line)    COP_TEXT_OF(line)
#define COP_SITE          __FILE__ ":" COP_TEXT(__LINE__)

struct cop_task_options {
    const char *name; /* see cop_task_set_name; may be NULL */
    const char *site; /* COP_SITE; may be NULL. Not copied, must outlive the task */
    size_t
        stack_size; /* at least, rounded up to a power of two of 32 KiB to 64 MiB; 0: the loop's */
};

/* Start fn(arg) as a task, which runs when the caller waits next. The reference is consumed by
 * exactly one of cop_await, cop_detach and cop_cancel_and_wait. NULL: no memory. The macro adds the
 * place; the function is there for those who need its address, and for C++. */
COP_PUBLIC COP_MUST struct cop_task *cop_create_task(cop_fn fn, void *arg);
#ifndef __cplusplus
#define cop_create_task(fn, arg) \
    cop_create_task_with(fn, arg, &(struct cop_task_options){.site = COP_SITE})
#endif

/* The same with options, which may be NULL. */
COP_PUBLIC COP_MUST struct cop_task *cop_create_task_with(cop_fn fn, void *arg,
                                                          const struct cop_task_options *options);

/* Wait for the task's end; consumes the reference. Returns its result. When the caller is cancelled
 * meanwhile, the task is cancelled too and awaited, so that nothing that it points to outlives the
 * caller. */
COP_PUBLIC COP_MUST int cop_await(struct cop_task *task);

/* Let the task go on alone; consumes the reference. An error that it ends with goes to the
 * exception handler (exception.h). */
COP_PUBLIC void cop_detach(struct cop_task *task);

/* Cancel the task: all its waits return -ECANCELED until it ends. Does not wait. Returns false when
 * it has ended already. */
COP_PUBLIC bool cop_task_cancel(struct cop_task *task);

/* cop_task_cancel, then wait for its end whatever happens to the caller; consumes the reference.
 * Returns its result. */
COP_PUBLIC int cop_cancel_and_wait(struct cop_task *task);

/* The running task; never NULL inside a loop. */
COP_PUBLIC struct cop_task *cop_current_task(void);

/* Has it ended? For a reference that was not consumed. */
COP_PUBLIC bool cop_task_done(const struct cop_task *task);

/* What cop_await would return, without consuming the reference; -EAGAIN when it has not ended. */
COP_PUBLIC int cop_task_result(const struct cop_task *task);

/* The task's name, copied and cut off at 31 bytes; NULL takes it away. cop_task_name returns ""
 * where there is none; the text is the task's. */
COP_PUBLIC void cop_task_set_name(struct cop_task *task, const char *name);
COP_PUBLIC const char *cop_task_name(const struct cop_task *task);

/* Tell who started this task by cop_group_start that it is ready. Does nothing otherwise. */
COP_PUBLIC void cop_task_started(void);

/* A number that no other task of this loop had or will have. */
COP_PUBLIC uint64_t cop_task_id(const struct cop_task *task);

/* What the task is doing, for people: the text is not copied and must outlive the task or the next
 * call. */
COP_PUBLIC void cop_task_set_label(struct cop_task *task, const char *label, size_t len);

/* Is the caller cancelled, or one of its deadlines over: would a wait return -ECANCELED? Looks at
 * the clock where there is a deadline, so that a long computation can ask. */
COP_PUBLIC bool cop_cancelled(void);

#endif
