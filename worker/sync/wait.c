/* SPDX-License-Identifier: MIT */
#include "worker/sync/wait.h"

#include <errno.h>
#include <limits.h>

#include "common/check.h"
#include "common/clock.h"
#include "worker/sync/watching.h"
#include "worker/task/sched.h"

struct wait {
    struct task_watcher watcher;
    struct cop_task *self;
    enum cop_return_when when;
    size_t ndone;
    size_t n;
    bool failed; /* a task ended with an error */
};

static bool is_over(const struct wait *wait)
{
    switch (wait->when) {
    case COP_FIRST_COMPLETED:
        return wait->ndone > 0;
    case COP_FIRST_EXCEPTION:
        return wait->failed || wait->ndone == wait->n;
    default:
        return wait->ndone == wait->n;
    }
}

static void count(struct wait *wait, const struct cop_task *task)
{
    wait->ndone++;
    wait->failed |= task->result < 0 && task->result != -ECANCELED;
}

static void task_ended(struct task_watcher *watcher, struct cop_task *task)
{
    struct wait *wait = list_entry(watcher, struct wait, watcher);

    count(wait, task);
    if (is_over(wait))
        sched_wake(wait->self, 0);
}

int cop_wait(struct cop_task *const *tasks, size_t n, enum cop_return_when when, cop_time timeout)
{
    struct cop_task *self = sched_current();
    struct wait wait = {.watcher.ended = task_ended, .self = self, .when = when, .n = n};
    int rc = sched_check(self);

    if (n > INT_MAX || when > COP_ALL_COMPLETED)
        return -EINVAL;
    if (rc == 0)
        rc = watching_start(tasks, n, &wait.watcher);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < n; i++) {
        if (tasks[i]->state == TASK_DONE)
            count(&wait, tasks[i]);
    }
    if (is_over(&wait) || timeout <= 0) {
        watching_stop(tasks, n, &wait.watcher);
        return sched_keep_fair(self, (int)wait.ndone);
    }
    sched_waits_on(self, WAITS_ON_TASKS, &wait);
    rc = sched_park(self, "wait", clock_add(clock_now(), timeout));
    watching_stop(tasks, n, &wait.watcher);
    return rc == -ECANCELED ? rc : (int)wait.ndone;
}
