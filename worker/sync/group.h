/* SPDX-License-Identifier: MIT */
/*
 * group.h - tasks that belong together: they may point into the frame of the one who started them,
 * because cop_group_exit joins them all. The first error cancels the others.
 *
 *     struct cop_group group;
 *     cop_group_enter(&group);
 *     if (!cop_group_spawn(&group, fetch, &a) || !cop_group_spawn(&group, fetch, &b))
 *         rc = -ENOMEM;
 *     rc = cop_group_exit(&group, rc);
 *
 * A child that ends with -ECANCELED was cancelled, which is no error of the group.
 */
#ifndef COPPICE_GROUP_H
#define COPPICE_GROUP_H

#include "common/list.h"
#include "worker/task/scope.h"

struct cop_error {
    int error;        /* < 0 */
    uint64_t task;    /* the child's number */
    const char *site; /* "file:line" where it was started, or "" */
};

struct cop_group {
    struct cop_scope scope;
    struct list children;
    struct cop_task *parent;
    struct cop_error *errors; /* the caller's room for them, or NULL */
    size_t room;
    size_t nerrors;   /* of all children so far */
    size_t nchildren; /* alive */
    int error;        /* the first one */
    bool joining;
    bool interrupted; /* the parent was cancelled when it joined */
    bool cut_short;   /* a child ended with -ECANCELED */
};

/* Open a group in the running task. */
COP_PUBLIC void cop_group_enter(struct cop_group *group);

/* Have the errors of children stored in errors[0 .. n-1], in the order in which they happen; the
 * room is the caller's and must last until the group was exited. Before the first child. */
COP_PUBLIC void cop_group_keep_errors(struct cop_group *group, struct cop_error *errors, size_t n);

/* How many errors of children there were, which may be more than there was room for. */
COP_PUBLIC size_t cop_group_errors(const struct cop_group *group);

/* Start fn(arg) in the group. The task is the group's: it may be cancelled while it has not ended,
 * but not awaited. NULL: no memory. */
COP_PUBLIC COP_MUST struct cop_task *cop_group_spawn(struct cop_group *group, cop_fn fn, void *arg);
#define cop_group_spawn(group, fn, arg) cop_group_spawn_at(group, fn, arg, COP_SITE)

/* The same, with the place in the source or NULL. */
COP_PUBLIC COP_MUST struct cop_task *cop_group_spawn_at(struct cop_group *group, cop_fn fn,
                                                        void *arg, const char *site);

/* Start fn(arg) in the group and wait until it calls cop_task_started. Returns 0; -ENOMEM; the
 * error with which it ended before that, which is then none of the group's; -ESRCH when it ended
 * without one; -ECANCELED, after it was cancelled and has ended. */
COP_PUBLIC COP_MUST int cop_group_start(struct cop_group *group, cop_fn fn, void *arg);
#define cop_group_start(group, fn, arg) cop_group_start_at(group, fn, arg, COP_SITE)

/* The same, with the place in the source or NULL. */
COP_PUBLIC COP_MUST int cop_group_start_at(struct cop_group *group, cop_fn fn, void *arg,
                                           const char *site);

/* Cancel every child and the body. */
COP_PUBLIC void cop_group_cancel(struct cop_group *group);

/* Wait for all children; rc is the body's own result, and an error there cancels them. Returns the
 * first error of body and children; -ECANCELED when the caller was cancelled and something was left
 * undone for that; else rc, or 0 when it is -ECANCELED because of cop_group_cancel. The -ECANCELED
 * of a body that nobody cancelled, of a future say, cancels the children and is returned. */
COP_PUBLIC COP_MUST int cop_group_exit(struct cop_group *group, int rc);

#endif
