/* SPDX-License-Identifier: MIT */
#include "worker/sync/gather.h"

#include <errno.h>
#include <stdlib.h>

#include "worker/task/sched.h"

struct gather {
    struct list children;
    struct cop_task *self;
    size_t nchildren; /* alive */
    unsigned flags;
    int error;
    bool cancelled;
    bool cut_short; /* a call ended with -ECANCELED */
};

static void cancel_all(struct gather *gather)
{
    gather->cancelled = true;
    list_for_each (&gather->children, node) {
        (void)cop_task_cancel(list_entry(node, struct cop_task, siblings));
    }
}

static void call_ended(struct cop_task *child)
{
    struct cop_call *call = child->owner;
    struct gather *gather = call->gather;

    call->rc = child->result;
    call->gather = NULL;
    list_remove(&child->siblings);
    if (child->result < 0) {
        gather->cut_short |= child->result == -ECANCELED;
        if (gather->error == 0)
            gather->error = child->result;
        if (!(gather->flags & COP_RETURN_EXCEPTIONS) && !gather->cancelled)
            cancel_all(gather);
    }
    if (--gather->nchildren == 0)
        sched_wake(gather->self, 0);
}

/* Returns how many were started; fewer than n when there is no memory. */
static size_t start(struct gather *gather, struct cop_call *calls, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct cop_task *child = sched_spawn(gather->self->loop, calls[i].fn, calls[i].arg);

        if (!child)
            return i;
        calls[i].gather = gather;
        child->ended = call_ended;
        child->owner = &calls[i];
        list_push_back(&gather->children, &child->siblings);
        gather->nchildren++;
        sched_ready(child);
    }
    return n;
}

static bool is_valid(const struct cop_call *calls, size_t n, unsigned flags)
{
    if ((!calls && n > 0) || flags & ~COP_RETURN_EXCEPTIONS)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!calls[i].fn)
            return false;
    }
    return true;
}

static int park(struct gather *gather)
{
    sched_waits_on(gather->self, WAITS_ON_GROUP, &gather->children);
    return sched_park(gather->self, "gather", COP_NEVER);
}

int cop_gather(struct cop_call *calls, size_t n, unsigned flags)
{
    struct gather gather = {.self = sched_current(), .flags = flags};
    bool interrupted = false;
    size_t nstarted = 0;
    int rc = sched_check(gather.self);

    if (!is_valid(calls, n, flags))
        return -EINVAL;
    if (n == 0)
        return rc;
    list_init(&gather.children);
    if (rc == 0) {
        nstarted = start(&gather, calls, n);
        if (nstarted < n)
            rc = -ENOMEM;
    }
    for (size_t i = nstarted; i < n; i++)
        calls[i].rc = rc;
    if (rc < 0)
        cancel_all(&gather);
    else if (park(&gather) == -ECANCELED) {
        /* An error that came before has ended it already. */
        interrupted = gather.error == 0 || (flags & COP_RETURN_EXCEPTIONS);
        cancel_all(&gather);
    }
    while (gather.nchildren > 0) {
        sched_waits_on(gather.self, WAITS_ON_GROUP, &gather.children);
        (void)sched_park_uninterruptible(gather.self, "gather");
    }
    if (rc < 0)
        return rc;
    /* Calls that completed in spite of the cancelling have won. */
    if (interrupted && gather.cut_short)
        return -ECANCELED;
    return flags & COP_RETURN_EXCEPTIONS ? 0 : gather.error;
}

int cop_for_each(cop_fn fn, void *items, size_t n, size_t item_size)
{
    struct cop_call *calls = n > 0 ? calloc(n, sizeof(*calls)) : NULL;
    int rc;

    if (n > 0 && !calls)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        calls[i] = (struct cop_call){.fn = fn, .arg = items ? (char *)items + i * item_size : NULL};
    rc = cop_gather(calls, n, 0);
    free(calls);
    return rc;
}
