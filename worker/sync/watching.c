/* SPDX-License-Identifier: MIT */
#include "worker/sync/watching.h"

#include <errno.h>

#include "common/check.h"
#include "worker/task/sched.h"

int watching_start_one(struct cop_task *task, struct task_watcher *watcher)
{
    if (!task)
        return -EINVAL;
    CHECK_MSG(task != sched_current(), "a task cannot wait for its own end");
    CHECK_MSG(!task->detached && !task->ended, "only tasks whose reference is held are waited for");
    if (task->extras.watcher || task->waiter)
        return -EBUSY;
    task->extras.watcher = watcher;
    return 0;
}

int watching_start(struct cop_task *const *tasks, size_t n, struct task_watcher *watcher)
{
    if (!tasks || n == 0)
        return -EINVAL;
    for (size_t i = 0; i < n; i++) {
        int rc = watching_start_one(tasks[i], watcher);

        if (rc < 0) {
            watching_stop(tasks, i, watcher);
            return rc;
        }
    }
    return 0;
}

void watching_stop(struct cop_task *const *tasks, size_t n, struct task_watcher *watcher)
{
    for (size_t i = 0; i < n; i++) {
        if (tasks[i]->extras.watcher == watcher)
            tasks[i]->extras.watcher = NULL;
    }
}
