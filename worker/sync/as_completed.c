/* SPDX-License-Identifier: MIT */
/*
 * as_completed.c - a task stands in `pending` until it ends, then in `done` until next returns it;
 * it is linked by the node that other tasks use in their group.
 */
#include "worker/sync/as_completed.h"

#include <errno.h>

#include "common/check.h"
#include "worker/sync/watching.h"
#include "worker/task/sched.h"

static void task_ended(struct task_watcher *watcher, struct cop_task *task)
{
    struct cop_as_completed *completed = list_entry(watcher, struct cop_as_completed, watcher);

    list_remove(&task->siblings);
    list_push_back(&completed->done, &task->siblings);
    if (completed->waiter)
        sched_wake(completed->waiter, 0);
}

int cop_as_completed_init(struct cop_as_completed *completed, struct cop_task *const *tasks,
                          size_t n)
{
    int rc;

    *completed = (struct cop_as_completed){.watcher.ended = task_ended};
    list_init(&completed->pending);
    list_init(&completed->done);
    rc = watching_start(tasks, n, &completed->watcher);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        bool done = tasks[i]->state == TASK_DONE;

        list_push_back(done ? &completed->done : &completed->pending, &tasks[i]->siblings);
    }
    return rc;
}

int cop_as_completed_next(struct cop_as_completed *completed, struct cop_task **task)
{
    struct cop_task *self = sched_current();
    struct list *node;
    int rc = sched_check(self);

    CHECK_MSG(!completed->waiter, "one task at a time asks for the next");
    if (list_is_empty(&completed->done)) {
        if (list_is_empty(&completed->pending))
            return 0;
        if (rc < 0)
            return rc;
        completed->waiter = self;
        sched_waits_on(self, WAITS_ON_TASKS, completed);
        rc = sched_park(self, "as completed", COP_NEVER);
        completed->waiter = NULL;
    }
    if (rc < 0)
        return rc;
    node = list_pop_front(&completed->done);
    *task = list_entry(node, struct cop_task, siblings);
    (*task)->extras.watcher = NULL;
    return sched_keep_fair(self, 1);
}

static void let_go(struct list *tasks)
{
    struct list *node;

    while ((node = list_pop_front(tasks)))
        list_entry(node, struct cop_task, siblings)->extras.watcher = NULL;
}

void cop_as_completed_fini(struct cop_as_completed *completed)
{
    let_go(&completed->pending);
    let_go(&completed->done);
}
