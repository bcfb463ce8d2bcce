/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "common/clock.h"
#include "master/commands.h"
#include "master/generation.h"
#include "master/inquiry.h"
#include "master/master.h"

static const struct command_param params[] = {
    {PARAM_REQUIRED, "worker", "POOL/SLOT|PID"},
    {PARAM_END, NULL, NULL},
};

static const struct field fields[] = {
    {FIELD_INTEGER, "pid", NULL, "of the worker", "pid", STYLE_PLAIN, NULL, NULL},
    {FIELD_STRING, "log", NULL, "where all its tasks and their stacks are written now",
     "written to", STYLE_PLAIN, NULL, NULL},
    {FIELD_INTEGER, "bytes", "bytes", "that the loops which answered wrote", "bytes", STYLE_PLAIN,
     NULL, NULL},
    {.type = FIELD_END},
};

static int resume(struct command_call *call)
{
    const struct inquiry_reply *reply = &call->inquiry->replies[0];

    if (inquiry_is_open(call->inquiry))
        return COMMAND_LATER;
    if (reply->is_pending)
        return command_refuse_silent(call, inquiry_worker(call->inquiry, reply));
    if (reply->result < 0)
        return command_refuse(call, reply->result, "worker %d: error %d", (int)reply->pid,
                              -reply->result);
    call->data = jsondoc_object();
    jsondoc_set(call->data, "pid", jsondoc_integer(reply->pid));
    jsondoc_set(call->data, "log", jsondoc_string(call->master->current->config->log.output));
    jsondoc_set(call->data, "bytes", jsondoc_integer(reply->result));
    return 0;
}

static int run(struct command_call *call)
{
    struct worker *worker = command_worker(call, command_arg(call, "worker"));
    struct order order = {.type = ORDER_DUMP};

    if (!worker)
        return -ENOENT;
    if (inquiry_is_vain(worker, NULL, 0))
        return command_refuse_silent(call, worker);
    call->inquiry = inquiry_new(call->master, &order, worker, INQUIRY_PATIENCE_NS);
    if (!call->inquiry)
        return command_refuse(call, -ENOMEM, "no memory");
    return resume(call);
}

const struct command command_dump = {
    .name = "dump",
    .help = "have a worker write all its tasks with their stacks to the log",
    .access = ACCESS_OPERATE,
    .params = params,
    .fields = fields,
    .run = run,
    .resume = resume,
};
