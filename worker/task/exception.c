/* SPDX-License-Identifier: MIT */
#include "worker/task/exception.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "worker/task/sched.h"

#define LINE_SIZE 256

static void print_on_stderr(const struct cop_exception *exception)
{
    char line[LINE_SIZE];

    (void)cop_exception_print(exception, line, sizeof(line));
    fprintf(stderr, "coppice: %s\n", line);
}

static cop_exception_fn process_handler = print_on_stderr;

void exception_set_default(cop_exception_fn fn)
{
    process_handler = fn ? fn : print_on_stderr;
}

void cop_set_exception_handler(cop_exception_fn fn)
{
    sched_here()->on_exception = fn;
}

int cop_exception_print(const struct cop_exception *exception, char *text, size_t size)
{
    const char *error = exception->result < 0 ? strerrordesc_np(-exception->result) : NULL;
    const char *what = exception->kind == COP_NEVER_AWAITED
                           ? "it was never awaited"
                           : "it ended with an error that nobody receives";

    return snprintf(text, size, "task %ju%s%s%s%.*s: %s%s%s%s%s", (uintmax_t)exception->task,
                    exception->name[0] ? " " : "", exception->name, exception->label_len ? " " : "",
                    (int)exception->label_len, exception->label, what, error ? ": " : "",
                    error ? error : "", exception->site[0] ? "; started at " : "", exception->site);
}

void exception_report(const struct cop_task *task, enum cop_exception_kind kind)
{
    cop_exception_fn handler = task->loop->on_exception;
    struct cop_exception exception = {
        .kind = kind,
        .result = task->result,
        .task = task->id,
        .name = task->extras.name,
        .label = task->label ? task->label : "",
        .label_len = task->label ? task->label_len : 0,
        .site = task->extras.site ? task->extras.site : "",
    };

    if (kind == COP_NEVER_RETRIEVED && task->result == -ECANCELED)
        return;
    if (!handler)
        handler = process_handler;
    handler(&exception);
}
