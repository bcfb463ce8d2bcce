/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "common/clock.h"
#include "common/log.h"
#include "master/commands.h"
#include "master/master.h"
#include "master/supervisor.h"

static const struct command_param params[] = {
    {PARAM_REQUIRED, "level", "debug|info|warn|error"},
    {PARAM_OPTION, "for", "DURATION"},
    {PARAM_END, NULL, NULL},
};

static const struct field fields[] = {
    {FIELD_STRING, "level", NULL, "lines of this level and above are written", "level", STYLE_PLAIN,
     NULL, NULL},
    {FIELD_INTEGER, "for_ns", "nanoseconds",
     "until the configured level comes back; null: the next reload or restart", "for",
     STYLE_DURATION, NULL, NULL},
    {.type = FIELD_END},
};

static int run(struct command_call *call)
{
    const char *name = command_arg(call, "level"), *duration = command_arg(call, "for");
    int level = log_level_find(name);
    int64_t ns = 0;

    if (level < 0)
        return command_refuse(call, -EINVAL, "level: expected debug, info, warn or error");
    if (duration) {
        ns = command_duration(call, "--for", duration);
        if (ns < 0)
            return -EINVAL;
    }
    call->master->log_level_until_ns = duration ? clock_add(clock_now(), ns) : 0;
    log_set_level((enum log_level)level);
    supervisor_order_all(call->master, ORDER_LOG_LEVEL, level);
    call->data = jsondoc_object();
    jsondoc_set(call->data, "level", jsondoc_string(log_level_name((enum log_level)level)));
    jsondoc_set(call->data, "for_ns", duration ? jsondoc_integer(ns) : jsondoc_null());
    return 0;
}

const struct command command_loglevel = {
    .name = "loglevel",
    .help = "log more or less, for good or for a while",
    .access = ACCESS_OPERATE,
    .params = params,
    .fields = fields,
    .run = run,
};
