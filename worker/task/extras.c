/* SPDX-License-Identifier: MIT */
#include "worker/task/extras.h"

#include "worker/task/deferred.h"
#include "worker/task/exception.h"
#include "worker/task/sched.h"

void extras_clean(struct extras *extras)
{
    deferred_run(&extras->deferred);
    locals_drop(extras->locals);
    extras->locals = NULL;
}

void extras_reap_loose(struct cop_loop *loop)
{
    list_for_each (&loop->tasks, node) {
        if (list_entry(node, struct cop_task, all)->state != TASK_DONE)
            return;
    }
    list_for_each_safe (&loop->tasks, node) {
        struct cop_task *task = list_entry(node, struct cop_task, all);

        exception_report(task, COP_NEVER_AWAITED);
        sched_reap(task);
    }
}
