/* SPDX-License-Identifier: MIT */
#include "worker/sync/group.h"

#include <errno.h>

#include "common/check.h"
#include "worker/task/sched.h"

void cop_group_enter(struct cop_group *group)
{
    *group = (struct cop_group){.parent = sched_current()};
    list_init(&group->children);
    cop_scope_enter(&group->scope, COP_NEVER);
}

void cop_group_keep_errors(struct cop_group *group, struct cop_error *errors, size_t n)
{
    group->errors = errors;
    group->room = n;
}

size_t cop_group_errors(const struct cop_group *group)
{
    return group->nerrors;
}

void cop_group_cancel(struct cop_group *group)
{
    list_for_each (&group->children, node) {
        (void)cop_task_cancel(list_entry(node, struct cop_task, siblings));
    }
    cop_scope_cancel(&group->scope);
}

static void fail(struct cop_group *group, int error)
{
    if (group->error == 0) {
        group->error = error;
        cop_group_cancel(group);
    }
}

static void keep_error(struct cop_group *group, const struct cop_task *child)
{
    if (group->nerrors < group->room) {
        group->errors[group->nerrors] = (struct cop_error){
            .error = child->result,
            .task = child->id,
            .site = child->extras.site ? child->extras.site : "",
        };
    }
    group->nerrors++;
}

static void child_left(struct cop_group *group, struct cop_task *child)
{
    list_remove(&child->siblings);
    group->nchildren--;
    if (group->nchildren == 0 && group->joining)
        sched_wake(group->parent, 0);
}

static void child_ended(struct cop_task *child)
{
    struct cop_group *group = child->owner;

    if (child->result == -ECANCELED) {
        group->cut_short = true;
    } else if (child->result < 0) {
        keep_error(group, child);
        fail(group, child->result);
    }
    child_left(group, child);
}

/* Always a part of its caller, whose name starts with cop_, for who looks for the spawner. */
static inline __attribute__((always_inline)) struct cop_task *
add_child(struct cop_group *group, cop_fn fn, void *arg, const char *site)
{
    struct cop_task *child = sched_spawn(sched_current()->loop, fn, arg);

    if (!child)
        return NULL;
    child->ended = child_ended;
    child->owner = group;
    child->extras.site = site;
    list_push_back(&group->children, &child->siblings);
    group->nchildren++;
    if (group->scope.cancelled)
        (void)cop_task_cancel(child);
    sched_ready(child);
    return child;
}

struct cop_task *cop_group_spawn_at(struct cop_group *group, cop_fn fn, void *arg, const char *site)
{
    return add_child(group, fn, arg, site);
}

struct cop_task *(cop_group_spawn)(struct cop_group *group, cop_fn fn, void *arg)
{
    return add_child(group, fn, arg, NULL);
}

/* Who waits in cop_group_start. */
struct start {
    struct task_watcher watcher;
    struct cop_task *self;
    bool started;
    bool ended;
    int result;
};

static void start_succeeded(struct task_watcher *watcher, struct cop_task *child)
{
    struct start *start = list_entry(watcher, struct start, watcher);

    start->started = true;
    sched_wake(start->self, 0);
}

static void starter_left(struct cop_task *child)
{
    child_left(child->owner, child);
}

static void start_failed(struct task_watcher *watcher, struct cop_task *child)
{
    struct start *start = list_entry(watcher, struct start, watcher);

    start->ended = true;
    start->result = child->result < 0 ? child->result : -ESRCH;
    child->ended = starter_left;
    sched_wake(start->self, 0);
}

int cop_group_start_at(struct cop_group *group, cop_fn fn, void *arg, const char *site)
{
    struct cop_task *self = sched_current();
    struct start start = {.watcher = {start_succeeded, start_failed}, .self = self};
    struct cop_task *child;
    int rc = sched_check(self);

    if (rc < 0)
        return rc;
    child = add_child(group, fn, arg, site);
    if (!child)
        return -ENOMEM;
    child->extras.watcher = &start.watcher;
    sched_waits_on(self, WAITS_ON_TASK, child);
    if (sched_park(self, "group start", COP_NEVER) == -ECANCELED)
        (void)cop_task_cancel(child);
    while (!start.started && !start.ended) {
        sched_waits_on(self, WAITS_ON_TASK, child);
        (void)sched_park_uninterruptible(self, "group start");
    }
    return start.started ? 0 : start.result;
}

int(cop_group_start)(struct cop_group *group, cop_fn fn, void *arg)
{
    return cop_group_start_at(group, fn, arg, NULL);
}

/* Wait for the children; when the parent is cancelled, so are they. */
static void join(struct cop_group *group)
{
    struct cop_task *self = group->parent;

    group->joining = true;
    if (group->nchildren > 0)
        sched_waits_on(self, WAITS_ON_GROUP, &group->children);
    if (group->nchildren > 0 &&
        (sched_check(self) < 0 || sched_park(self, "group", COP_NEVER) == -ECANCELED)) {
        group->interrupted = true;
        cop_group_cancel(group);
    }
    while (group->nchildren > 0) {
        sched_waits_on(self, WAITS_ON_GROUP, &group->children);
        (void)sched_park_uninterruptible(self, "group");
    }
}

int cop_group_exit(struct cop_group *group, int rc)
{
    bool was_cancelled = group->scope.cancelled;
    int outcome = rc;

    CHECK_MSG(group->parent == sched_current(), "a group is exited by the task that entered it");
    if (rc == -ECANCELED)
        cop_group_cancel(group);
    else if (rc < 0)
        fail(group, rc);
    join(group);
    if (group->error < 0)
        outcome = group->error;
    else if (group->interrupted && group->cut_short)
        outcome = -ECANCELED;
    outcome = cop_scope_exit(&group->scope, outcome);
    /* 0 instead of -ECANCELED: nothing around the group is over, so that the body's own counts. */
    if (outcome == 0 && !(rc == -ECANCELED && was_cancelled))
        return rc;
    return outcome;
}
