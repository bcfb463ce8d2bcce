/* SPDX-License-Identifier: MIT */
#include "worker/task/task.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/beat.h"
#include "common/check.h"
#include "common/clock.h"
#include "common/log.h"
#include "worker/task/debug.h"
#include "worker/task/inspect.h"
#include "worker/task/loop.h"
#include "worker/task/postmortem.h"
#include "worker/task/sched.h"

cop_time cop_now(void)
{
    return clock_now();
}

cop_time cop_after(cop_time d)
{
    return clock_add(clock_now(), d);
}

/* In a blocking loop without other tasks: clock_nanosleep(2). */
static int sleep_in_kernel(struct cop_task *self, cop_time until)
{
    cop_time end = until < self->deadline ? until : self->deadline;
    struct timespec ts = {.tv_sec = end / NS_PER_S, .tv_nsec = end % NS_PER_S};

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR) {
        if (loop_interrupted(self->loop) == LOOP_INTERRUPT_ALL)
            return -ECANCELED;
    }
    self->loop->now = clock_now();
    return end < until ? -ECANCELED : 0;
}

int cop_sleep(cop_time d)
{
    struct cop_task *self = sched_current();
    int rc = sched_check(self);

    if (rc < 0)
        return rc;
    if (d <= 0)
        return cop_yield();
    if (sched_is_alone(self))
        return sleep_in_kernel(self, clock_add(clock_now(), d));
    sched_waits_on(self, WAITS_ON_TASKS, NULL); /* for ever, they alone may end it */
    rc = sched_park(self, "sleep", clock_add(clock_now(), d));
    return rc == -ETIMEDOUT ? 0 : rc;
}

int cop_yield(void)
{
    struct cop_task *self = sched_current();
    int rc = sched_check(self);

    if (rc == 0 && !sched_is_alone(self))
        sched_yield_to_others(self);
    return rc;
}

struct cop_task *cop_create_task_with(cop_fn fn, void *arg, const struct cop_task_options *options)
{
    struct cop_task *self = sched_current();
    size_t stack_size = options ? options->stack_size : 0;
    struct cop_task *task = stack_size ? sched_spawn_sized(self->loop, fn, arg, stack_size)
                                       : sched_spawn(self->loop, fn, arg);

    if (!task)
        return NULL;
    if (options) {
        task->extras.site = options->site;
        if (options->name)
            cop_task_set_name(task, options->name);
    }
    sched_ready(task);
    return task;
}

struct cop_task *(cop_create_task)(cop_fn fn, void *arg)
{
    return cop_create_task_with(fn, arg, NULL);
}

static int take_result(struct cop_task *task)
{
    int result = task->result;

    sched_reap(task);
    return result;
}

int cop_await(struct cop_task *task)
{
    struct cop_task *self = sched_current();

    CHECK_MSG(task, "NULL is no task: cop_create_task had no memory");
    CHECK_MSG(task != self, "a task cannot await itself");
    CHECK_MSG(task->loop == self->loop, "a task is awaited on its own loop");
    CHECK_MSG(!task->waiter && !task->detached && !task->ended,
              "a task is awaited once, and neither detached nor in a group");
    CHECK_MSG(!task->extras.watcher, "a task is not awaited while another wait looks at it");
    task->waiter = self; /* and stays: who awaits it again is found out */
    if (task->state == TASK_DONE)
        return sched_keep_fair(self, take_result(task));
    sched_waits_on(self, WAITS_ON_TASK, task);
    if (sched_check(self) < 0 || sched_park(self, "await", COP_NEVER) == -ECANCELED)
        cop_task_cancel(task);
    while (task->state != TASK_DONE) {
        sched_waits_on(self, WAITS_ON_TASK, task);
        (void)sched_park_uninterruptible(self, "await");
    }
    return take_result(task);
}

void cop_detach(struct cop_task *task)
{
    CHECK_MSG(task, "NULL is no task: cop_create_task had no memory");
    CHECK_MSG(!task->waiter && !task->detached && !task->ended,
              "a task is detached once, and neither awaited nor in a group");
    CHECK_MSG(!task->extras.watcher, "a task is not detached while another wait looks at it");
    task->detached = true;
    if (task->state != TASK_DONE)
        return;
    if (task->result < 0)
        exception_report(task, COP_NEVER_RETRIEVED);
    sched_reap(task);
}

bool cop_task_cancel(struct cop_task *task)
{
    CHECK_MSG(task, "NULL is no task: cop_create_task had no memory");
    if (task->state == TASK_DONE)
        return false;
    cop_scope_cancel(&task->root);
    return true;
}

int cop_cancel_and_wait(struct cop_task *task)
{
    (void)cop_task_cancel(task);
    return cop_await(task);
}

struct cop_task *cop_current_task(void)
{
    return sched_current();
}

bool cop_task_done(const struct cop_task *task)
{
    return task->state == TASK_DONE;
}

int cop_task_result(const struct cop_task *task)
{
    return task->state == TASK_DONE ? task->result : -EAGAIN;
}

void cop_task_set_name(struct cop_task *task, const char *name)
{
    (void)snprintf(task->extras.name, sizeof(task->extras.name), "%s", name ? name : "");
}

const char *cop_task_name(const struct cop_task *task)
{
    return task->extras.name;
}

void cop_task_started(void)
{
    struct cop_task *self = sched_current();
    struct task_watcher *watcher = self->extras.watcher;

    if (watcher && watcher->started) {
        self->extras.watcher = NULL;
        watcher->started(watcher, self);
    }
}

uint64_t cop_task_id(const struct cop_task *task)
{
    return task->id;
}

void cop_task_set_label(struct cop_task *task, const char *label, size_t len)
{
    sched_set_label(task, label, len);
}

/* A blocking loop has no timer to say what it does: the slot in shared memory says it. */
void sched_show_label(struct cop_task *task)
{
    struct beat *beat = task->loop->beat;

    if (beat && task->label)
        beat_task_start(beat, task->id, clock_now(), task->label, task->label_len);
    else if (beat)
        beat_task_stop(beat);
}

bool cop_cancelled(void)
{
    struct cop_task *self = sched_current();

    /* Who computes for long without a wait asks for the sake of the deadline. */
    if (self->deadline != COP_NEVER)
        self->loop->now = clock_now();
    return sched_check(self) < 0;
}

struct main_call {
    cop_fn fn;
    void *arg;
    int result;
};

static int run_main(void *arg)
{
    struct main_call *call = arg;

    call->result = call->fn(call->arg);
    loop_stop(loop_here);
    return 0;
}

static void tell_deadlock(void)
{
    log_error(
        "deadlock: every task waits, and nothing can wake one; who waits for whom, and where:");
    (void)cop_print_call_graph(log_fd());
    (void)cop_print_tasks(log_fd());
}

int cop_run(cop_fn main, void *arg)
{
    struct main_call call = {.fn = main, .arg = arg};
    struct cop_loop *loop;
    struct cop_task *task;
    int rc;

    if (!main)
        return -EINVAL;
    if (loop_here)
        return -EBUSY;
    loop = loop_new(&(struct loop_options){.stack_size = STACK_SIZE_DEFAULT, .is_isolated = true});
    if (!loop)
        return -ENOMEM;
    task = sched_spawn(loop, run_main, &call);
    if (!task) {
        loop_free(loop);
        return -ENOMEM;
    }
    task->detached = true;
    sched_ready(task);
    rc = loop_run(loop);
    if (rc < 0)
        tell_deadlock();
    loop_free(loop);
    return rc < 0 ? rc : call.result;
}

int cop_main(cop_fn main, void *arg)
{
    const char *error;
    int rc;

    if (debug_is_wished())
        postmortem_install();
    rc = cop_run(main, arg);
    error = rc < 0 ? strerrordesc_np(-rc) : NULL;
    if (error)
        fprintf(stderr, "%s: %s\n", program_invocation_short_name, error);
    else if (rc < 0)
        fprintf(stderr, "%s: error %d\n", program_invocation_short_name, -rc);
    return rc < 0;
}
