/* SPDX-License-Identifier: MIT */
#include "master/commands.h"
#include "master/generation.h"
#include "master/master.h"

static const struct command_param params[] = {
    {PARAM_END, NULL, NULL},
};

static const struct field fields[] = {
    {FIELD_STRING, "log", NULL, "what was opened anew, here and in every worker", "reopened",
     STYLE_PLAIN, NULL, NULL},
    {.type = FIELD_END},
};

static int run(struct command_call *call)
{
    master_reopen_logs(call->master);
    call->data = jsondoc_object();
    jsondoc_set(call->data, "log", jsondoc_string(call->master->current->config->log.output));
    return 0;
}

const struct command command_reopen = {
    .name = "reopen",
    .help = "open the logs' files anew, after they were moved away (as USR1 does)",
    .access = ACCESS_OPERATE,
    .params = params,
    .fields = fields,
    .run = run,
};
