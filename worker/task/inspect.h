/* SPDX-License-Identifier: MIT */
/*
 * inspect.h - what every task of the calling loop does, and where it waits.
 *
 * Nothing here waits, but for a descriptor that takes no more bytes (a second at most). The prints
 * take no memory: stacks that are equal are printed once, with the tasks that stand there.
 */
#ifndef COPPICE_INSPECT_H
#define COPPICE_INSPECT_H

#include "worker/task/task.h"

#define COP_LABEL_MAX 64

enum cop_task_state { COP_TASK_READY, COP_TASK_RUNNING, COP_TASK_PARKED, COP_TASK_DONE };

struct cop_task_info {
    uint64_t id;
    enum cop_task_state state;
    cop_time age;            /* since it was spawned */
    cop_time cpu;            /* processor time that it used, exact, in debug mode; otherwise -1 */
    size_t stack_used;       /* bytes of its stack in memory, exact to the page */
    const char *waits_for;   /* "read", "sleep", "lock"; NULL unless it is parked */
    int fd;                  /* that it waits for; -1: none */
    uint64_t waits_for_task; /* whose end, or whose release of a lock, it waits for; 0: nobody's */
    const void *object;      /* the lock, the group ... that it waits at; NULL: none or not known */
    const char *site;        /* "file:line" of the spawn; NULL: not known */
    char name[COP_LABEL_MAX];    /* "" for none */
    char label[COP_LABEL_MAX];   /* what it is doing; ends in 0, cut to fit */
    char spawned[COP_LABEL_MAX]; /* the function that spawned it, in debug mode; otherwise "" */
};

/* The calling loop's tasks, the oldest first, into infos[0 .. n). Returns how many there are, which
 * may be more. Outside of a loop 0. */
COP_PUBLIC size_t cop_all_tasks(struct cop_task_info *infos, size_t n);

/* Write the frames of a task of the calling loop, the innermost first, one in a line. Returns 0 or
 * -errno of write(2). */
COP_PUBLIC int cop_print_stack(struct cop_task *task, int fd);

/* Write all tasks of the calling loop by their stacks, the most frequent stack first. Returns 0,
 * -EINVAL outside of a loop, or -errno of write(2). */
COP_PUBLIC int cop_print_tasks(int fd);

/* Write who waits for whom: a task on each line, below the one whose end, group or lock it belongs
 * to. Returns as cop_print_tasks. */
COP_PUBLIC int cop_print_call_graph(int fd);

struct cop_loop;
struct printer;
struct backtrace;

/* For the other files of worker/: the same facts of one task. */
void inspect_task(struct cop_task_info *info, const struct cop_task *task);

/* Is somebody's end or release what the task waits for? NULL: no. */
struct cop_task *inspect_awaited(const struct cop_task *task);

/* Safe in a signal handler on the loop's thread. `running` is the stack of the loop's current task;
 * NULL: none runs. */
void inspect_print(struct printer *printer, const struct cop_loop *loop,
                   const struct backtrace *running);

/* One frame on each line. */
void inspect_print_frames(struct printer *printer, const struct backtrace *backtrace);

/* "12 \"GET /20\"" */
void inspect_print_name(struct printer *printer, const struct cop_task *task);

#endif
