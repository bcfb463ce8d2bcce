/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "master/commands.h"

static const struct command_param params[] = {
    {PARAM_OPTIONAL, "name", "COMMAND"},
    {PARAM_END, NULL, NULL},
};

static const struct field row_fields[] = {
    {FIELD_STRING, "usage", NULL, "the command and its arguments", "COMMAND", STYLE_PLAIN, NULL,
     NULL},
    {FIELD_STRING, "access", NULL, "who may: anybody, operator (the socket's group), admin", "WHO",
     STYLE_PLAIN, NULL, NULL},
    {FIELD_STRING, "help", NULL, "what it does", "WHAT IT DOES", STYLE_PLAIN, NULL, NULL},
    {.type = FIELD_END},
};

static const struct field fields[] = {
    {FIELD_ROWS, "commands", NULL, "a row per command", "", STYLE_PLAIN, NULL, row_fields},
    {.type = FIELD_END},
};

static struct jsondoc *row_of(const struct command *command)
{
    struct jsondoc *row = jsondoc_object();
    char usage[256];

    jsondoc_set(row, "usage", jsondoc_string(command_usage(command, usage, sizeof(usage))));
    jsondoc_set(row, "access", jsondoc_string(command_access_name(command->access)));
    jsondoc_set(row, "help", jsondoc_string(command->help));
    return row;
}

static int run(struct command_call *call)
{
    const char *name = command_arg(call, "name");
    const struct command *only = name == NULL ? NULL : command_find(name), *command;
    struct jsondoc *rows;

    if (name != NULL && only == NULL)
        return command_refuse_name(call, name);
    rows = jsondoc_array();
    for (size_t i = 0; (command = command_at(i)) != NULL; i++)
        if (only == NULL || only == command)
            jsondoc_push(rows, row_of(command));
    call->data = jsondoc_object();
    jsondoc_set(call->data, "commands", rows);
    return 0;
}

const struct command command_help = {
    .name = "help",
    .help = "what can be asked",
    .access = ACCESS_READ,
    .params = params,
    .fields = fields,
    .run = run,
};
