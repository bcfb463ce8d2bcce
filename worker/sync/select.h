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

/* The task's end. The reference is not consumed; cop_await has the result. */
static inline struct cop_waitable cop_on_task(struct cop_task *task)
{
    return (struct cop_waitable){.kind = COP_ON_TASK, .object = task};
}

/* A future is settled; `result` is its error or 0. */
static inline struct cop_waitable cop_on_future(struct cop_future *future)
{
    return (struct cop_waitable){.kind = COP_ON_FUTURE, .object = future};
}

static inline struct cop_waitable cop_on_event(struct cop_event *event)
{
    return (struct cop_waitable){.kind = COP_ON_EVENT, .object = event};
}

/* A unit is taken. */
static inline struct cop_waitable cop_on_semaphore(struct cop_semaphore *semaphore)
{
    return (struct cop_waitable){.kind = COP_ON_SEMAPHORE, .object = semaphore};
}

/* An item was copied to *item; `result` is -EPIPE when the queue is shut down and empty. */
static inline struct cop_waitable cop_on_get(struct cop_queue *queue, void *item)
{
    return (struct cop_waitable){.kind = COP_ON_GET, .object = queue, .item = item};
}

/* *item was copied into the queue; `result` is -EPIPE when it is shut down. */
static inline struct cop_waitable cop_on_put(struct cop_queue *queue, const void *item)
{
    return (struct cop_waitable){
        .kind = COP_ON_PUT, .object = queue, .item = (void *)(uintptr_t)item};
}

/* The descriptor can be read, has ended or has failed; `result` is -EBADF when it is not open. It
 * stays open while cop_select runs. */
static inline struct cop_waitable cop_on_readable(int fd)
{
    return (struct cop_waitable){.kind = COP_ON_READABLE, .fd = fd};
}

static inline struct cop_waitable cop_on_writable(int fd)
{
    return (struct cop_waitable){.kind = COP_ON_WRITABLE, .fd = fd};
}

#endif
