/* SPDX-License-Identifier: MIT */
/*
 * select.c - first try each wait in turn; when none is ready, stand in all the lists at once and
 * park. Whoever wakes one of the waiters takes the others out of their lists in the same breath
 * (`won`), before anybody can give them something too. So exactly one happens.
 *
 * A kind of wait is a row in the table of kinds.
 */
#include "worker/sync/select.h"

#include <errno.h>
#include <limits.h>

#include "worker/sync/watching.h"
#include "worker/task/sched.h"

struct select {
    struct cop_waitable *waits;
    size_t nlinked; /* of them stand in their lists */
    struct cop_waitable *winner;
    bool has_fd; /* among those that are linked */
};

struct kind {
    bool (*try)(struct cop_waitable *wait); /* has it happened? Then `result` is set */
    int (*link)(struct cop_waitable *wait); /* 0 or -errno */
    void (*unlink)(struct cop_waitable *wait);
};

static bool try_task(struct cop_waitable *wait)
{
    struct cop_task *task = wait->object;

    wait->result = 0;
    return task->state == TASK_DONE;
}

static void task_ended(struct task_watcher *watcher, struct cop_task *task)
{
    waiter_wake(&list_entry(watcher, struct cop_waitable, watcher)->waiter, 0);
}

static int link_task(struct cop_waitable *wait)
{
    wait->watcher = (struct task_watcher){.ended = task_ended};
    return watching_start_one(wait->object, &wait->watcher);
}

static void unlink_task(struct cop_waitable *wait)
{
    struct cop_task *task = wait->object;

    watching_stop(&task, 1, &wait->watcher);
}

static bool try_future(struct cop_waitable *wait)
{
    struct cop_future *future = wait->object;

    wait->result = future->error;
    return future->done;
}

static int link_future(struct cop_waitable *wait)
{
    struct cop_future *future = wait->object;

    waiter_link(&future->waiters, &wait->waiter);
    return 0;
}

static bool try_event(struct cop_waitable *wait)
{
    wait->result = 0;
    return cop_event_is_set(wait->object);
}

static int link_event(struct cop_waitable *wait)
{
    struct cop_event *event = wait->object;

    waiter_link(&event->waiters, &wait->waiter);
    return 0;
}

static bool try_semaphore(struct cop_waitable *wait)
{
    wait->result = cop_semaphore_try_acquire(wait->object);
    return wait->result != -EAGAIN;
}

static int link_semaphore(struct cop_waitable *wait)
{
    struct cop_semaphore *semaphore = wait->object;

    waiter_link(&semaphore->waiters, &wait->waiter);
    return 0;
}

static bool try_get(struct cop_waitable *wait)
{
    wait->result = cop_queue_try_get(wait->object, wait->item);
    return wait->result != -EAGAIN;
}

static int link_get(struct cop_waitable *wait)
{
    struct cop_queue *queue = wait->object;

    waiter_link(&queue->getters, &wait->waiter);
    return 0;
}

static bool try_put(struct cop_waitable *wait)
{
    wait->result = cop_queue_try_put(wait->object, wait->item);
    return wait->result != -EAGAIN;
}

static int link_put(struct cop_waitable *wait)
{
    struct cop_queue *queue = wait->object;

    waiter_link(&queue->putters, &wait->waiter);
    return 0;
}

static void unlink_waiter(struct cop_waitable *wait)
{
    waiter_unlink(&wait->waiter);
}

static bool try_fd(struct cop_waitable *wait)
{
    wait->result = fd_watch_try(wait->fd, wait->kind == COP_ON_WRITABLE);
    return wait->result != -EAGAIN;
}

static void fd_ready(struct fd_watch *watch)
{
    waiter_wake(&list_entry(watch, struct cop_waitable, watch)->waiter, 0);
}

static int link_fd(struct cop_waitable *wait)
{
    wait->select->has_fd = true;
    fd_watch_start(&wait->watch, wait->fd, wait->kind == COP_ON_WRITABLE, fd_ready);
    return 0;
}

static void unlink_fd(struct cop_waitable *wait)
{
    fd_watch_stop(&wait->watch);
}

static const struct kind kinds[] = {
    [COP_ON_TASK] = {try_task, link_task, unlink_task},
    [COP_ON_FUTURE] = {try_future, link_future, unlink_waiter},
    [COP_ON_EVENT] = {try_event, link_event, unlink_waiter},
    [COP_ON_SEMAPHORE] = {try_semaphore, link_semaphore, unlink_waiter},
    [COP_ON_GET] = {try_get, link_get, unlink_waiter},
    [COP_ON_PUT] = {try_put, link_put, unlink_waiter},
    [COP_ON_READABLE] = {try_fd, link_fd, unlink_fd},
    [COP_ON_WRITABLE] = {try_fd, link_fd, unlink_fd},
};

#define NKINDS (sizeof(kinds) / sizeof(kinds[0]))

static bool is_valid(const struct cop_waitable *wait)
{
    bool is_fd = wait->kind == COP_ON_READABLE || wait->kind == COP_ON_WRITABLE;
    bool has_item = wait->kind == COP_ON_GET || wait->kind == COP_ON_PUT;

    return (unsigned)wait->kind < NKINDS && (is_fd || wait->object) && (!has_item || wait->item);
}

static void unlink_all(struct select *select)
{
    for (; select->nlinked > 0; select->nlinked--) {
        struct cop_waitable *wait = &select->waits[select->nlinked - 1];

        kinds[wait->kind].unlink(wait);
    }
}

static void won(struct cop_waiter *waiter)
{
    struct cop_waitable *wait = list_entry(waiter, struct cop_waitable, waiter);

    wait->select->winner = wait;
    unlink_all(wait->select);
}

static int link_all(struct select *select, size_t n, struct cop_task *self)
{
    for (size_t i = 0; i < n; i++) {
        struct cop_waitable *wait = &select->waits[i];
        int rc;

        wait->select = select;
        wait->waiter = (struct cop_waiter){.task = self, .item = wait->item, .won = won};
        rc = kinds[wait->kind].link(wait);
        if (rc < 0)
            return rc;
        select->nlinked++;
    }
    return 0;
}

static int park(struct select *select, struct cop_task *self)
{
    if (!select->has_fd)
        sched_waits_on(self, WAITS_ON_TASKS, select);
    return sched_park(self, "select", COP_NEVER);
}

int cop_select(struct cop_waitable *waits, size_t n)
{
    struct cop_task *self = sched_current();
    struct select select = {.waits = waits};
    int rc = sched_check(self);

    if (!waits || n == 0 || n > INT_MAX)
        return -EINVAL;
    for (size_t i = 0; i < n; i++) {
        if (!is_valid(&waits[i]))
            return -EINVAL;
    }
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < n; i++) {
        if (kinds[waits[i].kind].try(&waits[i]))
            return sched_keep_fair(self, (int)i);
    }
    rc = loop_prepare(self->loop);
    if (rc == 0)
        rc = link_all(&select, n, self);
    if (rc == 0)
        rc = park(&select, self);
    unlink_all(&select);
    if (!select.winner)
        return rc;
    select.winner->result = select.winner->waiter.result;
    return (int)(select.winner - waits);
}
