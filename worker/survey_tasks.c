/* SPDX-License-Identifier: MIT */
#include "worker/survey_tasks.h"

#include <stdio.h>
#include <stdlib.h>

#include "worker/task/backtrace.h"
#include "worker/task/inspect.h"
#include "worker/task/sched.h"
#include "worker/task/symbols.h"

#define FRAME_TEXT_MAX 128

/* Tasks wait at few places, and looking a name up takes microseconds. */
#define NAMES_MAX 256

struct name {
    uintptr_t address;
    struct symbol symbol;
};

static struct symbol find_name(struct name *names, uintptr_t address)
{
    struct name *name;

    if (!names)
        return symbols_find(address);
    name = &names[(address ^ address >> 8) % NAMES_MAX];
    if (name->address != address) {
        name->address = address;
        name->symbol = symbols_find(address);
    }
    return name->symbol;
}

static struct jsondoc *frames_of(const struct cop_task *task, struct name *names)
{
    struct jsondoc *frames = jsondoc_array();
    struct backtrace backtrace;

    backtrace_of_task(&backtrace, task);
    for (size_t i = 0; i < backtrace.n; i++) {
        struct symbol symbol = find_name(names, backtrace.frames[i]);
        char text[FRAME_TEXT_MAX];

        if (symbol.name) {
            jsondoc_push(frames, jsondoc_string(symbol.name));
            continue;
        }
        snprintf(text, sizeof(text), "%s+0x%zx", symbol.module ? symbol.module : "?",
                 (size_t)symbol.offset);
        jsondoc_push(frames, jsondoc_string(text));
    }
    return frames;
}

static void set(struct jsondoc *row, const char *name, int64_t value, bool is_known)
{
    jsondoc_set(row, name, is_known ? jsondoc_integer(value) : jsondoc_null());
}

static struct jsondoc *row_of(const struct cop_task_info *info)
{
    static const char *const states[] = {"ready", "running", "parked", "ended"};
    struct jsondoc *row = jsondoc_object();

    set(row, "id", (int64_t)info->id, true);
    jsondoc_set(row, "state", jsondoc_string(states[info->state]));
    set(row, "age_ns", info->age, true);
    set(row, "cpu_ns", info->cpu, info->cpu >= 0);
    set(row, "stack_bytes", (int64_t)info->stack_used, true);
    jsondoc_set(row, "label", jsondoc_string(info->label[0] ? info->label : NULL));
    jsondoc_set(row, "name", jsondoc_string(info->name[0] ? info->name : NULL));
    jsondoc_set(row, "waits_for", jsondoc_string(info->waits_for));
    set(row, "fd", info->fd, info->fd >= 0);
    set(row, "waits_for_task", (int64_t)info->waits_for_task, info->waits_for_task != 0);
    jsondoc_set(row, "spawned_by", jsondoc_string(info->spawned[0] ? info->spawned : NULL));
    jsondoc_set(row, "spawned_at", jsondoc_string(info->site));
    return row;
}

struct jsondoc *survey_tasks(struct cop_loop *loop, cop_time older, bool with_stacks, size_t max)
{
    struct name *names = with_stacks ? calloc(NAMES_MAX, sizeof(*names)) : NULL;
    struct jsondoc *rows = jsondoc_array();
    struct cop_task_info info;

    list_for_each (&loop->tasks, node) {
        const struct cop_task *task = list_entry(node, struct cop_task, all);
        struct jsondoc *row;

        inspect_task(&info, task);
        if (max == 0 || info.age < older) /* the list is in the order of age */
            break;
        max--;
        row = row_of(&info);
        jsondoc_set(row, "stack", with_stacks ? frames_of(task, names) : jsondoc_null());
        jsondoc_push(rows, row);
    }
    free(names);
    return rows;
}
