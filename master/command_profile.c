/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "master/commands.h"
#include "master/inquiry.h"
#include "master/master.h"

#define DURATION_DEFAULT_NS (5 * NS_PER_S)
#define DURATION_MIN_NS     (10 * NS_PER_MS)
#define DURATION_MAX_NS     (600 * NS_PER_S)

static const struct command_param params[] = {
    {PARAM_REQUIRED, "worker", "POOL/SLOT|PID"},
    {PARAM_OPTION, "for", "DURATION"},
    {PARAM_FLAG, "wait", NULL},
    {PARAM_END, NULL, NULL},
};

static const struct field row_fields[] = {
    {FIELD_STRING, "stack", NULL, "functions, the outermost first, joined by semicolons", "STACK",
     STYLE_PLAIN, NULL, NULL},
    {FIELD_INTEGER, "samples", "samples", "how often it was seen", "SAMPLES", STYLE_PLAIN, NULL,
     NULL},
    {.type = FIELD_END},
};

static const struct field fields[] = {
    {FIELD_INTEGER, "pid", NULL, "of the worker", "pid", STYLE_PLAIN, NULL, NULL},
    {FIELD_INTEGER, "duration_ns", "nanoseconds", "how long it was sampled", "for", STYLE_DURATION,
     NULL, NULL},
    {FIELD_ROWS, "stacks", NULL, "a row per stack and loop", "", STYLE_PLAIN, NULL, row_fields},
    {.type = FIELD_END},
};

/* "main;serve;burn 12" */
static void add_stack(struct jsondoc *stacks, char *line)
{
    char *space = strrchr(line, ' ');
    long long samples;
    struct jsondoc *row;

    if (!space || sscanf(space, "%lld", &samples) != 1)
        return;
    *space = 0;
    row = jsondoc_object();
    jsondoc_set(row, "stack", jsondoc_string(line));
    jsondoc_set(row, "samples", jsondoc_integer(samples));
    jsondoc_push(stacks, row);
}

static int resume(struct command_call *call)
{
    const struct inquiry_reply *reply = &call->inquiry->replies[0];
    struct jsondoc *stacks;
    char *rest = NULL;

    if (inquiry_is_open(call->inquiry))
        return COMMAND_LATER;
    if (reply->is_pending)
        return command_refuse_silent(call, inquiry_worker(call->inquiry, reply));
    if (reply->result < 0)
        return command_refuse(call, reply->result, "worker %d: %s", (int)reply->pid,
                              reply->result == -EBUSY ? "it is being profiled already"
                                                      : strerror(-reply->result));
    stacks = jsondoc_array();
    for (char *line = reply->text ? strtok_r(reply->text, "\n", &rest) : NULL; line;
         line = strtok_r(NULL, "\n", &rest))
        add_stack(stacks, line);
    call->data = jsondoc_object();
    jsondoc_set(call->data, "pid", jsondoc_integer(reply->pid));
    jsondoc_set(
        call->data, "duration_ns",
        jsondoc_integer(call->inquiry->deadline_ns - INQUIRY_PATIENCE_NS - call->started_ns));
    jsondoc_set(call->data, "stacks", stacks);
    return 0;
}

static int run(struct command_call *call)
{
    struct worker *worker = command_worker(call, command_arg(call, "worker"));
    const char *duration = command_arg(call, "for");
    struct order order = {.type = ORDER_PROFILE, .argument = DURATION_DEFAULT_NS};

    if (!worker)
        return -ENOENT;
    if (duration) {
        order.argument = command_duration(call, "--for", duration);
        if (order.argument < 0)
            return -EINVAL;
    }
    if (order.argument < DURATION_MIN_NS || order.argument > DURATION_MAX_NS)
        return command_refuse(call, -EINVAL, "--for: expected 10ms to 10m");
    if (inquiry_is_vain(worker, NULL, 0))
        return command_refuse_silent(call, worker);
    if (command_arg(call, "wait"))
        order.flags = ORDER_FLAG_WAIT;
    call->inquiry = inquiry_new(call->master, &order, worker, order.argument + INQUIRY_PATIENCE_NS);
    if (!call->inquiry)
        return command_refuse(call, -ENOMEM, "no memory");
    return resume(call);
}

/* The collapsed format, and nothing else, so that it can be piped to a flame graph's script. */
static int print(const struct command_call *call, FILE *out)
{
    const struct jsondoc *stacks = jsondoc_get(call->data, "stacks");

    for (size_t i = 0; i < jsondoc_len(stacks); i++) {
        const struct jsondoc *row = jsondoc_at(stacks, i);

        fprintf(out, "%s %lld\n", jsondoc_text(jsondoc_get(row, "stack")),
                (long long)jsondoc_integer_value(jsondoc_get(row, "samples"), 0));
    }
    return ferror(out) ? -EIO : 0;
}

const struct command command_profile = {
    .name = "profile",
    .help = "sample a worker's stacks: where it burns CPU, or with --wait where its tasks wait",
    .access = ACCESS_OPERATE,
    .params = params,
    .fields = fields,
    .run = run,
    .resume = resume,
    .print = print,
};
