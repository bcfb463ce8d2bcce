/* SPDX-License-Identifier: MIT */
/*
 * The stacks are sorted into a table that lies on the printing stack. A process with more different
 * stacks than the table has room for gets its rarest ones counted, not shown; as the table fills in
 * the order of age, the oldest tasks are always in it.
 */
#include "worker/task/inspect.h"

#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "worker/task/backtrace.h"
#include "worker/task/debug.h"
#include "worker/task/io.h"
#include "worker/task/printer.h"
#include "worker/task/sched.h"
#include "worker/task/symbols.h"

#define GROUPS_MAX     64
#define NAMES_IN_GROUP 8

/* Tasks that wait at one place. */
struct group {
    uint64_t hash;
    size_t count;
    const struct cop_task *first;
};

/* ---- facts ---- */

/* The names in the order of enum task_state. */
static const char *const state_names[] = {"ready", "running", "parked", "ended"};

struct cop_task *inspect_awaited(const struct cop_task *task)
{
    if (task->state != TASK_PARKED || !task->on)
        return NULL;
    if (task->waits_on == WAITS_ON_TASK)
        return (struct cop_task *)(uintptr_t)task->on;
    if (task->waits_on == WAITS_ON_OWNER)
        return *(struct cop_task *const *)task->on;
    return NULL;
}

/* cop_create_task and its like stand between the spawner and us. */
static bool is_spawning(const char *name)
{
    return strncmp(name, "cop_", 4) == 0 || strncmp(name, "sched_", 6) == 0 ||
           strncmp(name, "debug_", 6) == 0;
}

static void name_spawner(struct cop_task_info *info, const struct cop_task *task)
{
    struct symbol symbol;

    info->spawned[0] = 0;
    if (!task->trace || task->trace->spawned.n == 0)
        return;
    for (size_t i = 0; i < task->trace->spawned.n; i++) {
        symbol = symbols_find(task->trace->spawned.frames[i]);
        if (symbol.name && is_spawning(symbol.name))
            continue;
        if (symbol.name)
            strncpy(info->spawned, symbol.name, sizeof(info->spawned) - 1);
        info->spawned[sizeof(info->spawned) - 1] = 0;
        return;
    }
}

void inspect_task(struct cop_task_info *info, const struct cop_task *task)
{
    size_t len = task->label_len < COP_LABEL_MAX ? task->label_len : COP_LABEL_MAX - 1;
    const struct cop_task *awaited = inspect_awaited(task);
    bool is_parked = task->state == TASK_PARKED;

    *info = (struct cop_task_info){.id = task->id,
                                   .state = (enum cop_task_state)task->state,
                                   .age = clock_now() - task->born,
                                   .cpu = debug_cpu_ns(task),
                                   .stack_used = task->stack ? stack_resident(task->stack) : 0,
                                   .waits_for = is_parked ? task->why : NULL,
                                   .fd = -1,
                                   .waits_for_task = awaited ? awaited->id : 0};
    if (is_parked && task->waits_on == WAITS_ON_IO)
        info->fd = ((const struct io *)task->on)->fd;
    else if (is_parked && task->waits_on != WAITS_ON_UNKNOWN)
        info->object = task->on;
    info->site = task->extras.site;
    strncpy(info->name, task->extras.name, sizeof(info->name) - 1);
    if (task->label)
        memcpy(info->label, task->label, len);
    name_spawner(info, task);
}

size_t cop_all_tasks(struct cop_task_info *infos, size_t n)
{
    size_t i = 0;

    if (!loop_here)
        return 0;
    list_for_each (&loop_here->tasks, node) {
        if (i == n)
            break;
        inspect_task(&infos[i++], list_entry(node, struct cop_task, all));
    }
    return loop_here->ntasks;
}

/* ---- text ---- */

void inspect_print_frames(struct printer *printer, const struct backtrace *backtrace)
{
    for (size_t i = 0; i < backtrace->n; i++) {
        print_text(printer, "    ");
        symbols_print(printer, backtrace->frames[i]);
        print_text(printer, "\n");
    }
}

void inspect_print_name(struct printer *printer, const struct cop_task *task)
{
    print_number(printer, task->id);
    if (task->extras.name[0]) {
        print_text(printer, " ");
        print_label(printer, task->extras.name, strlen(task->extras.name));
    }
    if (!task->label)
        return;
    print_text(printer, " \"");
    print_label(printer, task->label,
                task->label_len < COP_LABEL_MAX ? task->label_len : COP_LABEL_MAX);
    print_text(printer, "\"");
}

static void take_stack(struct backtrace *backtrace, const struct cop_task *task,
                       const struct backtrace *running)
{
    if (task == task->loop->current && running)
        *backtrace = *running;
    else
        backtrace_of_task(backtrace, task);
}

/* FNV-1a over words: where a task waits, and what for. */
static uint64_t hash_of(const struct cop_task *task, const struct backtrace *backtrace)
{
    uint64_t hash = 0xcbf29ce484222325u ^ task->state;

    if (task->state == TASK_PARKED)
        hash = (hash ^ (uintptr_t)task->why) * 0x100000001b3u;
    for (size_t i = 0; i < backtrace->n; i++)
        hash = (hash ^ backtrace->frames[i]) * 0x100000001b3u;
    return hash;
}

/* Returns the number of groups; tasks that did not fit are counted in *rest. */
static size_t sort_into_groups(struct group *groups, const struct cop_loop *loop,
                               const struct backtrace *running, size_t *rest)
{
    struct backtrace backtrace;
    size_t n = 0, left = loop->ntasks;

    *rest = 0;
    /* Where a handler interrupted the list's change, its end may not be found. */
    for (struct list *node = loop->tasks.next; node != &loop->tasks && left-- > 0;
         node = node->next) {
        const struct cop_task *task = list_entry(node, struct cop_task, all);
        uint64_t hash;
        size_t i = 0;

        take_stack(&backtrace, task, running);
        hash = hash_of(task, &backtrace);
        while (i < n && groups[i].hash != hash)
            i++;
        if (i == GROUPS_MAX) {
            (*rest)++;
            continue;
        }
        if (i == n)
            groups[n++] = (struct group){.hash = hash, .first = task};
        groups[i].count++;
    }
    return n;
}

static struct group *most_frequent(struct group *groups, size_t n)
{
    struct group *most = &groups[0];

    for (size_t i = 1; i < n; i++)
        if (groups[i].count > most->count)
            most = &groups[i];
    return most;
}

/* The group's oldest members. */
static void print_members(struct printer *printer, const struct cop_loop *loop,
                          const struct group *group, const struct backtrace *running)
{
    struct backtrace backtrace;
    size_t shown = 0, left = loop->ntasks;

    for (struct list *node = &((struct cop_task *)(uintptr_t)group->first)->all;
         node != &loop->tasks && left-- > 0 && shown < NAMES_IN_GROUP && shown < group->count;
         node = node->next) {
        const struct cop_task *task = list_entry(node, struct cop_task, all);

        take_stack(&backtrace, task, running);
        if (hash_of(task, &backtrace) != group->hash)
            continue;
        print_text(printer, shown++ > 0 ? ", " : ": ");
        inspect_print_name(printer, task);
        print_text(printer, " ");
        print_duration(printer, clock_now() - task->born);
    }
    if (shown < group->count)
        print_text(printer, ", ...");
}

static void print_group(struct printer *printer, const struct cop_loop *loop,
                        const struct group *group, const struct backtrace *running)
{
    const struct cop_task *task = group->first;
    struct backtrace backtrace;

    print_number(printer, group->count);
    print_text(printer, group->count == 1 ? " task " : " tasks ");
    print_text(printer, state_names[task->state]);
    if (task->state == TASK_PARKED && task->why) {
        print_text(printer, " in ");
        print_text(printer, task->why);
    }
    print_members(printer, loop, group, running);
    print_text(printer, "\n");
    take_stack(&backtrace, task, running);
    inspect_print_frames(printer, &backtrace);
}

void inspect_print(struct printer *printer, const struct cop_loop *loop,
                   const struct backtrace *running)
{
    struct group groups[GROUPS_MAX];
    size_t rest, n = sort_into_groups(groups, loop, running, &rest);

    for (size_t i = 0; i < n; i++) {
        struct group *group = most_frequent(groups, n);

        print_group(printer, loop, group, running);
        group->count = 0;
    }
    if (rest > 0) {
        print_number(printer, rest);
        print_text(printer, " tasks with other stacks\n");
    }
}

int cop_print_tasks(int fd)
{
    struct backtrace here;
    struct printer printer;

    if (!loop_here)
        return -EINVAL;
    symbols_load();
    backtrace_here(&here, 0);
    printer_init(&printer, fd);
    inspect_print(&printer, loop_here, &here);
    return printer_flush(&printer);
}

int cop_print_stack(struct cop_task *task, int fd)
{
    struct backtrace here, backtrace;
    struct printer printer;

    symbols_load();
    backtrace_here(&here, 0);
    printer_init(&printer, fd);
    take_stack(&backtrace, task, &here);
    inspect_print_frames(&printer, &backtrace);
    return printer_flush(&printer);
}
