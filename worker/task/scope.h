/* SPDX-License-Identifier: MIT */
/*
 * scope.h - deadlines, cancelling and shields for a part of a task. Scopes lie on the caller's
 * stack and nest.
 *
 *     struct cop_scope scope;
 *     cop_scope_enter(&scope, cop_after(2 * COP_S));
 *     rc = cop_scope_exit(&scope, ask_the_other_side(...));
 *
 * rc is -ETIMEDOUT when the two seconds were over.
 */
#ifndef COPPICE_SCOPE_H
#define COPPICE_SCOPE_H

#include "worker/task/task.h"

struct cop_scope {
    struct cop_scope *outer;
    struct cop_task *task;
    cop_time deadline;
    bool cancelled; /* by cop_scope_cancel or by its deadline */
    bool timed_out; /* by its deadline */
    bool shielded;  /* what happens outside is not seen inside */
};

/* Open a scope in the running task; `deadline` is a point in time or COP_NEVER. */
COP_PUBLIC void cop_scope_enter(struct cop_scope *scope, cop_time deadline);

/* Close the innermost scope, which must be this one. Returns rc, but where rc is -ECANCELED because
 * of this very scope: -ETIMEDOUT for its deadline, 0 for cop_scope_cancel. While a scope around it
 * is over too, -ECANCELED goes on to that one. */
COP_PUBLIC int cop_scope_exit(struct cop_scope *scope, int rc);

/* Cancel what runs inside, now and until the scope's end. From any task of the same loop; from
 * elsewhere it is a bug. */
COP_PUBLIC void cop_scope_cancel(struct cop_scope *scope);

/* From now on nothing outside this scope cancels what runs inside, but `grace` nanoseconds from now
 * ends it (COP_NEVER: nothing does), in place of the scope's own deadline. For clean-up that must
 * wait; in a scope of its own, since one that is over already stays so. */
COP_PUBLIC void cop_scope_shield(struct cop_scope *scope, cop_time grace);

/* Call fn(arg) in a scope with a deadline `timeout` from now. Returns its result, or -ETIMEDOUT. */
COP_PUBLIC COP_MUST int cop_wait_for(cop_fn fn, void *arg, cop_time timeout);

/* Call fn(arg) shielded for at most `grace`. Returns its result, or -ETIMEDOUT. */
COP_PUBLIC int cop_shield(cop_fn fn, void *arg, cop_time grace);

#endif
