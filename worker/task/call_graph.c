/* SPDX-License-Identifier: MIT */
/*
 * Who awaits whom, as a tree from the awaiting task to the awaited. A task may wait for one other
 * (its end, or a lock that it holds) or for the members of a group; whoever nobody waits for is a
 * root, and in a circle the oldest is.
 */
#include <errno.h>

#include "worker/task/inspect.h"
#include "worker/task/printer.h"
#include "worker/task/sched.h"

/* A chain of waits that is longer is cut there. */
#define DEPTH_MAX 32

static const struct list *members_of(const struct cop_task *task)
{
    return task->state == TASK_PARKED && task->waits_on == WAITS_ON_GROUP ? task->on : NULL;
}

/* Set `awaited` of every task. */
static void mark_awaited(struct cop_loop *loop)
{
    list_for_each (&loop->tasks, node) {
        list_entry(node, struct cop_task, all)->awaited = false;
    }
    list_for_each (&loop->tasks, node) {
        const struct cop_task *task = list_entry(node, struct cop_task, all);
        const struct list *members = members_of(task);
        struct cop_task *awaited = inspect_awaited(task);

        if (awaited)
            awaited->awaited = true;
        if (!members)
            continue;
        list_for_each (members, member) {
            list_entry(member, struct cop_task, siblings)->awaited = true;
        }
    }
}

static void print_task(struct printer *printer, const struct cop_task *task, unsigned depth)
{
    for (unsigned i = 0; i < depth; i++)
        print_text(printer, "  ");
    print_text(printer, "task ");
    inspect_print_name(printer, task);
    if (task->state == TASK_PARKED && task->why) {
        print_text(printer, ": ");
        print_text(printer, task->why);
    } else {
        print_text(printer, task->state == TASK_RUNNING ? ": running" : ": ready");
    }
    if (task->state == TASK_PARKED && task->waits_on >= WAITS_ON_OWNER && task->on) {
        print_text(printer, " ");
        print_hex(printer, (uintptr_t)task->on);
    }
}

/* path[0 .. depth) are the tasks above. Whom a task waits for, other than a group, is one: a loop
 * goes down that chain. */
static void print_tree(struct printer *printer, const struct cop_task **path, unsigned depth,
                       const struct cop_task *task)
{
    const struct list *members;

    for (; task && depth < DEPTH_MAX; task = inspect_awaited(task)) {
        print_task(printer, task, depth);
        for (unsigned i = 0; i < depth; i++) {
            if (path[i] == task) {
                print_text(printer, " (a circle)\n");
                return;
            }
        }
        print_text(printer, depth + 1 == DEPTH_MAX ? " ...\n" : "\n");
        path[depth++] = task;
        members = members_of(task);
        if (!members)
            continue;
        list_for_each (members, member) {
            print_tree(printer, path, depth, list_entry(member, struct cop_task, siblings));
        }
    }
}

/* Is the task in a circle of waits, and the oldest of it? */
static bool leads_circle(const struct cop_task *task)
{
    const struct cop_task *next = inspect_awaited(task);

    for (unsigned i = 0; next && next != task && i < DEPTH_MAX; i++) {
        if (next->id < task->id)
            return false;
        next = inspect_awaited(next);
    }
    return next == task;
}

/* A circle hangs below who waits for one of its tasks, if anybody outside of it does. */
static bool is_reached(const struct cop_loop *loop, const struct cop_task *leader)
{
    list_for_each (&loop->tasks, node) {
        const struct cop_task *task = list_entry(node, struct cop_task, all);
        const struct list *members = members_of(task);

        if (!members)
            continue;
        list_for_each (members, member) {
            if (list_entry(member, struct cop_task, siblings) == leader)
                return true;
        }
    }
    return false;
}

int cop_print_call_graph(int fd)
{
    const struct cop_task *path[DEPTH_MAX];
    struct printer printer;

    if (!loop_here)
        return -EINVAL;
    printer_init(&printer, fd);
    mark_awaited(loop_here);
    list_for_each (&loop_here->tasks, node) {
        const struct cop_task *task = list_entry(node, struct cop_task, all);

        if (!task->awaited || (leads_circle(task) && !is_reached(loop_here, task)))
            print_tree(&printer, path, 0, task);
    }
    return printer_flush(&printer);
}
