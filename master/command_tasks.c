/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "master/commands.h"
#include "master/inquiry.h"
#include "master/master.h"

/* Members that are named of tasks with the same stack. */
#define NAMES_MAX 8

static const struct command_param params[] = {
    {PARAM_OPTION, "worker", "POOL/SLOT|PID"},
    {PARAM_OPTION, "older", "DURATION"},
    {PARAM_FLAG, "stack", NULL},
    {PARAM_END, NULL, NULL},
};

static const struct field row_fields[] = {
    {FIELD_STRING, "mark", NULL, "! for a loop that does not answer: the row is from its beat slot",
     "!", STYLE_PLAIN, NULL, NULL},
    {FIELD_STRING, "pool", NULL, "the pool's name", "POOL", STYLE_PLAIN, NULL, NULL},
    {FIELD_INTEGER, "slot", NULL, "the worker's place in the pool", "SLOT", STYLE_PLAIN, NULL,
     NULL},
    {FIELD_INTEGER, "pid", NULL, "of the worker", "PID", STYLE_PLAIN, NULL, NULL},
    {FIELD_INTEGER, "loop", NULL, "which of the worker's loops, from 0", "LOOP", STYLE_PLAIN, NULL,
     NULL},
    {FIELD_INTEGER, "id", NULL, "unique in its loop", "ID", STYLE_PLAIN, NULL, NULL},
    {FIELD_STRING, "state", NULL, "ready, running, parked, ended", "STATE", STYLE_PLAIN, NULL,
     NULL},
    {FIELD_INTEGER, "age_ns", "nanoseconds",
     "since it was spawned; of a row from the slot: since the task runs", "AGE", STYLE_DURATION,
     NULL, NULL},
    {FIELD_INTEGER, "cpu_ns", "nanoseconds", "processor time, in debug mode", "CPU", STYLE_DURATION,
     NULL, NULL},
    {FIELD_INTEGER, "stack_bytes", "bytes", "of its stack in memory", "STACK", STYLE_BYTES, NULL,
     NULL},
    {FIELD_STRING, "name", NULL, "that was given to it", "NAME", STYLE_PLAIN, NULL, NULL},
    {FIELD_STRING, "label", NULL, "what it is doing, in its own words", "LABEL", STYLE_PLAIN, NULL,
     NULL},
    {FIELD_STRING, "waits_for", NULL, "read, sleep, lock ...; null unless it is parked",
     "WAITS FOR", STYLE_PLAIN, NULL, NULL},
    {FIELD_INTEGER, "fd", NULL, "the descriptor that it waits for", "FD", STYLE_PLAIN, NULL, NULL},
    {FIELD_INTEGER, "waits_for_task", NULL, "the task whose end or lock it waits for", "TASK",
     STYLE_PLAIN, NULL, NULL},
    {FIELD_STRING, "spawned_by", NULL, "the function that spawned it, in debug mode", NULL,
     STYLE_PLAIN, NULL, NULL},
    {FIELD_STRING, "spawned_at", NULL, "file and line of the spawn, where it is known", NULL,
     STYLE_PLAIN, NULL, NULL},
    {FIELD_STRINGS, "stack", NULL, "its functions, the innermost first, with --stack; else empty",
     NULL, STYLE_PLAIN, NULL, NULL},
    {.type = FIELD_END},
};

static const struct field fields[] = {
    {FIELD_ROWS, "tasks", NULL, "the oldest of each loop first, and not more than 2000 of a worker",
     "", STYLE_PLAIN, NULL, row_fields},
    {.type = FIELD_END},
};

/* ---- rows ---- */

static struct jsondoc *new_row(const struct inquiry_reply *reply, unsigned loop)
{
    struct jsondoc *row = jsondoc_object();

    for (const struct field *field = row_fields; field->type != FIELD_END; field++)
        jsondoc_set(row, field->name, jsondoc_null());
    jsondoc_set(row, "mark", jsondoc_string(""));
    jsondoc_set(row, "stack", jsondoc_array());
    jsondoc_set(row, "pool", jsondoc_string(reply->pool));
    jsondoc_set(row, "slot", jsondoc_integer(reply->slot));
    jsondoc_set(row, "pid", jsondoc_integer(reply->pid));
    jsondoc_set(row, "loop", jsondoc_integer(loop));
    return row;
}

static void copy_integer(struct jsondoc *row, const struct jsondoc *from, const char *name)
{
    const struct jsondoc *value = jsondoc_get(from, name);

    if (jsondoc_is_integer(value))
        jsondoc_set(row, name, jsondoc_integer(jsondoc_integer_value(value, 0)));
}

static void copy_text(struct jsondoc *row, const struct jsondoc *from, const char *name)
{
    jsondoc_set(row, name, jsondoc_string(jsondoc_text(jsondoc_get(from, name))));
}

static void copy_stack(struct jsondoc *row, const struct jsondoc *from)
{
    const struct jsondoc *stack = jsondoc_get(from, "stack");
    struct jsondoc *frames;

    if (jsondoc_len(stack) == 0)
        return;
    frames = jsondoc_array();
    for (size_t i = 0; i < jsondoc_len(stack); i++)
        jsondoc_push(frames, jsondoc_string(jsondoc_text(jsondoc_at(stack, i))));
    jsondoc_set(row, "stack", frames);
}

/* A row as the worker told it; only what the table declares. */
static struct jsondoc *told_row(const struct inquiry_reply *reply, unsigned loop,
                                const struct jsondoc *from)
{
    static const char *const integers[] = {"id",          "age_ns", "cpu_ns",
                                           "stack_bytes", "fd",     "waits_for_task"};
    static const char *const texts[] = {"state",     "label",      "name",
                                        "waits_for", "spawned_by", "spawned_at"};
    struct jsondoc *row = new_row(reply, loop);

    for (size_t i = 0; i < sizeof(integers) / sizeof(integers[0]); i++)
        copy_integer(row, from, integers[i]);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        copy_text(row, from, texts[i]);
    copy_stack(row, from);
    return row;
}

/* What shared memory knows of a loop: of a blocking one that is all, of a hung one all there is. */
static void add_slot_row(struct jsondoc *rows, const struct inquiry *inquiry,
                         const struct inquiry_reply *reply, unsigned loop, bool is_blocking)
{
    const struct worker *worker = inquiry_worker(inquiry, reply);
    struct beat_view view;
    struct jsondoc *row;
    int64_t age;

    if (!worker)
        return;
    (void)beat_read(&worker->beats[loop], &view);
    age = view.task_since_ns == 0 ? 0 : clock_now() - view.task_since_ns;
    if (is_blocking && (age == 0 || age < inquiry->order.argument))
        return;
    row = new_row(reply, loop);
    if (!is_blocking)
        jsondoc_set(row, "mark", jsondoc_string("!"));
    if (view.task_since_ns != 0) {
        jsondoc_set(row, "id", jsondoc_integer((int64_t)view.task));
        jsondoc_set(row, "state", jsondoc_string("running"));
        jsondoc_set(row, "age_ns", jsondoc_integer(age));
        jsondoc_set(row, "label", jsondoc_string(view.label));
    }
    jsondoc_push(rows, row);
}

static void add_rows(struct jsondoc *rows, const struct inquiry *inquiry,
                     const struct inquiry_reply *reply)
{
    char error[128];
    struct jsondoc *told =
        reply->text ? jsondoc_parse(reply->text, reply->len, error, sizeof(error)) : NULL;
    const struct jsondoc *loops = jsondoc_get(told, "loops");

    for (unsigned i = 0; i < reply->threads; i++) {
        const struct jsondoc *loop = jsondoc_at(loops, i);
        const struct jsondoc *tasks = jsondoc_get(loop, "tasks");

        if (!jsondoc_bool_value(jsondoc_get(loop, "answers"), false))
            add_slot_row(rows, inquiry, reply, i, reply->is_blocking && told);
        for (size_t j = 0; j < jsondoc_len(tasks); j++)
            jsondoc_push(rows, told_row(reply, i, jsondoc_at(tasks, j)));
    }
    jsondoc_free(told);
}

static int resume(struct command_call *call)
{
    const struct inquiry *inquiry = call->inquiry;
    struct jsondoc *rows;

    if (inquiry_is_open(inquiry))
        return COMMAND_LATER;
    rows = jsondoc_array();
    for (size_t i = 0; i < inquiry->n; i++)
        add_rows(rows, inquiry, &inquiry->replies[i]);
    call->data = jsondoc_object();
    jsondoc_set(call->data, "tasks", rows);
    return 0;
}

static int run(struct command_call *call)
{
    const char *name = command_arg(call, "worker"), *older = command_arg(call, "older");
    struct worker *only = name ? command_worker(call, name) : NULL;
    struct order order = {.type = ORDER_TASKS};

    if (name && !only)
        return -ENOENT;
    if (older) {
        order.argument = command_duration(call, "--older", older);
        if (order.argument < 0)
            return -EINVAL;
    }
    if (command_arg(call, "stack"))
        order.flags = ORDER_FLAG_STACK;
    call->inquiry = inquiry_new(call->master, &order, only, INQUIRY_PATIENCE_NS);
    if (!call->inquiry)
        return command_refuse(call, -ENOMEM, "no memory");
    return resume(call);
}

/* ---- text ---- */

static bool is_same_stack(const struct jsondoc *a, const struct jsondoc *b)
{
    if (jsondoc_len(a) != jsondoc_len(b))
        return false;
    for (size_t i = 0; i < jsondoc_len(a); i++)
        if (strcmp(jsondoc_text(jsondoc_at(a, i)), jsondoc_text(jsondoc_at(b, i))) != 0)
            return false;
    return true;
}

static void print_name(const struct jsondoc *row, FILE *out)
{
    fprintf(out, " %s/%lld:%lld", jsondoc_text(jsondoc_get(row, "pool")),
            (long long)jsondoc_integer_value(jsondoc_get(row, "slot"), 0),
            (long long)jsondoc_integer_value(jsondoc_get(row, "id"), 0));
}

/* The stack of row `first`, with all the rows from there on that have it, which are then done. */
static void print_group(const struct jsondoc *rows, bool *is_done, size_t first, FILE *out)
{
    const struct jsondoc *stack = jsondoc_get(jsondoc_at(rows, first), "stack");
    size_t count = 0;

    fprintf(out, "\ntasks");
    for (size_t i = first; i < jsondoc_len(rows); i++) {
        const struct jsondoc *row = jsondoc_at(rows, i);

        if (is_done[i] || !is_same_stack(stack, jsondoc_get(row, "stack")))
            continue;
        is_done[i] = true;
        if (count++ < NAMES_MAX)
            print_name(row, out);
    }
    if (count > NAMES_MAX)
        fprintf(out, " and %zu more", count - NAMES_MAX);
    fprintf(out, "\n");
    for (size_t i = 0; i < jsondoc_len(stack); i++)
        fprintf(out, "    %s\n", jsondoc_text(jsondoc_at(stack, i)));
}

static int print(const struct command_call *call, FILE *out)
{
    const struct jsondoc *rows = jsondoc_get(call->data, "tasks");
    size_t n = jsondoc_len(rows);
    int rc = fields_print(fields, call->data, out);
    bool *is_done = calloc(n + 1, sizeof(*is_done));

    if (!is_done)
        return -EIO;
    if (n == 0)
        fputs("no tasks: idle connections hold none\n", out);
    for (size_t i = 0; i < n; i++)
        if (!is_done[i] && jsondoc_len(jsondoc_get(jsondoc_at(rows, i), "stack")) > 0)
            print_group(rows, is_done, i, out);
    free(is_done);
    return rc;
}

const struct command command_tasks = {
    .name = "tasks",
    .help = "what every task does and how long; --stack adds where, equal stacks together",
    .access = ACCESS_READ,
    .params = params,
    .fields = fields,
    .run = run,
    .resume = resume,
    .print = print,
};
