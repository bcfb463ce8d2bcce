/* SPDX-License-Identifier: MIT */
#include "worker/task/deferred.h"

#include <errno.h>

#include "worker/task/sched.h"

int cop_defer(struct cop_deferred *deferred, void (*fn)(void *arg), void *arg)
{
    struct cop_task *self = sched_current();

    if (!deferred || !fn)
        return -EINVAL;
    *deferred = (struct cop_deferred){.next = self->extras.deferred, .fn = fn, .arg = arg};
    self->extras.deferred = deferred;
    return 0;
}

void deferred_run(struct cop_deferred **first)
{
    struct cop_scope scope;

    if (!*first)
        return;
    cop_scope_enter(&scope, COP_NEVER);
    cop_scope_shield(&scope, COP_NEVER);
    while (*first) {
        struct cop_deferred *deferred = *first;

        /* The node may be gone when fn returns. */
        *first = deferred->next;
        deferred->fn(deferred->arg);
    }
    (void)cop_scope_exit(&scope, 0);
}
