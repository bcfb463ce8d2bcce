/* SPDX-License-Identifier: MIT */
/*
 * select.h - wait for the first of several things, of which exactly one then happens.
 *
 *     struct cop_waitable waits[] = {cop_on_get(&orders, &order), cop_on_event(&stop)};
 *     switch (cop_select(waits, 2)) ...
 *
 * The one that is chosen has happened on return: the item is in *item, the unit is taken. The
 * others have not: their items and units stay where they are.
 */
#ifndef COPPICE_SELECT_H
#define COPPICE_SELECT_H

#include <string.h>

#include "worker/sync/event.h"
#include "worker/sync/future.h"
#include "worker/sync/queue.h"
#include "worker/sync/semaphore.h"
#include "worker/task/extras.h"
#include "worker/task/fd_watch.h"

enum cop_waitable_kind {
    COP_ON_TASK,
    COP_ON_FUTURE,
    COP_ON_EVENT,
    COP_ON_SEMAPHORE,
    COP_ON_GET,
    COP_ON_PUT,
    COP_ON_READABLE,
    COP_ON_WRITABLE,
};

struct select;

/* Made by the functions below; the caller's memory, which cop_select uses while it runs. */
struct cop_waitable {
    enum cop_waitable_kind kind;
    int result; /* of the chosen one: 0 or the error with which it happened */
    int fd;
    void *object;
    void *item;
    struct select *select;
    struct cop_waiter waiter;
    union {
        struct task_watcher watcher;
        struct fd_watch watch;
    };
};

/* Wait for one of waits[0 .. n-1]; where several are ready, the first of them. Returns its index;
 * -ECANCELED with nothing taken; -EINVAL for no waits, a missing object or an unknown kind; -EBUSY
 * when another wait looks at one of the tasks. */
COP_PUBLIC COP_MUST int cop_select(struct cop_waitable *waits, size_t n);

/* For those below. */
static inline struct cop_waitable cop_waitable_make(enum cop_waitable_kind kind, void *object,
                                                    const void *item, int fd)
{
    struct cop_waitable waitable;

    memset(&waitable, 0, sizeof(waitable));
    waitable.kind = kind;
    waitable.fd = fd;
    waitable.object = object;
    waitable.item = (void *)(uintptr_t)item;
    return waitable;
}

/* The task's end. The reference is not consumed; cop_await has the result. */
static inline struct cop_waitable cop_on_task(struct cop_task *task)
{
    return cop_waitable_make(COP_ON_TASK, task, NULL, -1);
}

/* A future is settled; `result` is its error or 0. */
static inline struct cop_waitable cop_on_future(struct cop_future *future)
{
    return cop_waitable_make(COP_ON_FUTURE, future, NULL, -1);
}

static inline struct cop_waitable cop_on_event(struct cop_event *event)
{
    return cop_waitable_make(COP_ON_EVENT, event, NULL, -1);
}

/* A unit is taken. */
static inline struct cop_waitable cop_on_semaphore(struct cop_semaphore *semaphore)
{
    return cop_waitable_make(COP_ON_SEMAPHORE, semaphore, NULL, -1);
}

/* An item was copied to *item; `result` is -EPIPE when the queue is shut down and empty. */
static inline struct cop_waitable cop_on_get(struct cop_queue *queue, void *item)
{
    return cop_waitable_make(COP_ON_GET, queue, item, -1);
}

/* *item was copied into the queue; `result` is -EPIPE when it is shut down. */
static inline struct cop_waitable cop_on_put(struct cop_queue *queue, const void *item)
{
    return cop_waitable_make(COP_ON_PUT, queue, item, -1);
}

/* The descriptor can be read, has ended or has failed; `result` is -EBADF when it is not open. It
 * stays open while cop_select runs. */
static inline struct cop_waitable cop_on_readable(int fd)
{
    return cop_waitable_make(COP_ON_READABLE, NULL, NULL, fd);
}

static inline struct cop_waitable cop_on_writable(int fd)
{
    return cop_waitable_make(COP_ON_WRITABLE, NULL, NULL, fd);
}

#endif
