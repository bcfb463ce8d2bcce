/* SPDX-License-Identifier: MIT */
/*
 * extras.h - what hangs on a task besides its run: a name, the place where it was spawned, local
 * values, deferred clean-up, and who watches for its end. All of it costs a few stores where
 * nothing is set.
 */
#ifndef COPPICE_EXTRAS_H
#define COPPICE_EXTRAS_H

#include "worker/task/local.h"
#include "worker/task/task.h"

#define EXTRAS_NAME_SIZE 32

struct cop_deferred;
struct cop_loop;

/* Told of one task's progress, by the task itself; it may wake others and must not wait. A task has
 * one at most, and nobody else consumes its reference while it is there. */
struct task_watcher {
    void (*started)(struct task_watcher *watcher, struct cop_task *task); /* may be NULL */
    void (*ended)(struct task_watcher *watcher, struct cop_task *task);
};

struct extras {
    const char *site; /* "file:line" of the spawn, or NULL */
    struct locals *locals;
    struct cop_deferred *deferred; /* the one to run first */
    struct task_watcher *watcher;
    char name[EXTRAS_NAME_SIZE];
};

/* A task begins; its local values are those of `parent`, unless that is NULL. */
static inline void extras_init(struct extras *extras, const struct extras *parent)
{
    extras->site = NULL;
    extras->locals = parent && parent->locals ? locals_share(parent->locals) : NULL;
    extras->deferred = NULL;
    extras->watcher = NULL;
    extras->name[0] = '\0';
}

/* Run the clean-up, in the task itself, and forget the values. */
void extras_clean(struct extras *extras);

/* The task's function has returned. */
static inline void extras_finish(struct extras *extras)
{
    if (extras->deferred || extras->locals)
        extras_clean(extras);
}

/* When every task that is left in the loop has ended, none will be awaited: report and reap them.
 * At the loop's end, from no task. */
void extras_reap_loose(struct cop_loop *loop);

#endif
