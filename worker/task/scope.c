/* SPDX-License-Identifier: MIT */
#include "worker/task/scope.h"

#include <errno.h>

#include "common/check.h"
#include "common/clock.h"
#include "worker/task/sched.h"

/* Recompute `cancelled` and `deadline` from the scopes; interrupts a parked task that is cancelled.
 */
static void update(struct cop_task *task)
{
    cop_time deadline = COP_NEVER;
    bool cancelled = false;

    for (struct cop_scope *scope = task->scope; scope; scope = scope->outer) {
        cancelled |= scope->cancelled;
        /* A deadline that has struck counts as cancelled; it need not strike again. */
        if (!scope->cancelled && scope->deadline < deadline)
            deadline = scope->deadline;
        if (scope->shielded)
            break;
    }
    task->cancelled = cancelled;
    task->deadline = cancelled ? COP_NEVER : deadline;
    if (cancelled)
        sched_interrupt(task, -ECANCELED);
}

void scope_expire(struct cop_task *task, int64_t now)
{
    struct cop_scope *outermost = NULL;

    for (struct cop_scope *scope = task->scope; scope; scope = scope->outer) {
        if (!scope->cancelled && scope->deadline <= now)
            outermost = scope;
        if (scope->shielded)
            break;
    }
    if (!outermost)
        return;
    outermost->cancelled = true;
    outermost->timed_out = true;
    update(task);
}

void cop_scope_enter(struct cop_scope *scope, cop_time deadline)
{
    struct cop_task *self = sched_current();

    *scope = (struct cop_scope){.outer = self->scope, .task = self, .deadline = deadline};
    self->scope = scope;
    if (deadline < self->deadline && !self->cancelled)
        self->deadline = deadline;
}

int cop_scope_exit(struct cop_scope *scope, int rc)
{
    struct cop_task *self = sched_current();

    CHECK_MSG(self->scope == scope, "only the innermost scope of the running task can be exited");
    /* The deadline may have passed while nobody waited. */
    if (rc == -ECANCELED && !scope->cancelled && scope->deadline <= self->loop->now)
        scope->cancelled = scope->timed_out = true;
    self->scope = scope->outer;
    if (scope->cancelled || scope->shielded || scope->deadline != COP_NEVER)
        update(self);
    if (rc != -ECANCELED || !scope->cancelled || (!scope->shielded && sched_check(self) < 0))
        return rc;
    return scope->timed_out ? -ETIMEDOUT : 0;
}

void cop_scope_cancel(struct cop_scope *scope)
{
    CHECK_MSG(scope->task->loop == loop_here,
              "a task is cancelled on its own loop: from elsewhere use cop_call_soon_threadsafe");
    if (scope->cancelled)
        return;
    scope->cancelled = true;
    update(scope->task);
}

void cop_scope_shield(struct cop_scope *scope, cop_time grace)
{
    CHECK_MSG(sched_current()->scope == scope,
              "only the innermost scope of the running task can be shielded");
    scope->shielded = true;
    scope->deadline = clock_add(clock_now(), grace);
    update(scope->task);
}

int cop_wait_for(cop_fn fn, void *arg, cop_time timeout)
{
    struct cop_scope scope;

    cop_scope_enter(&scope, clock_add(clock_now(), timeout));
    return cop_scope_exit(&scope, fn(arg));
}

int cop_shield(cop_fn fn, void *arg, cop_time grace)
{
    struct cop_scope scope;

    cop_scope_enter(&scope, COP_NEVER);
    cop_scope_shield(&scope, grace);
    return cop_scope_exit(&scope, fn(arg));
}
