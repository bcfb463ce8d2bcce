/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "master/commands.h"

static const struct command_param params[] = {
    {PARAM_OPTIONAL, "name", "COMMAND"},
    {PARAM_END, NULL, NULL},
};

static const struct field fields[] = {
    {FIELD_ANY, "schemas", NULL, "by command, the JSON Schema of its data", "", STYLE_PLAIN, NULL,
     NULL},
    {.type = FIELD_END},
};

static int run(struct command_call *call)
{
    const char *name = command_arg(call, "name");
    const struct command *only = name == NULL ? NULL : command_find(name), *command;
    struct jsondoc *schemas;

    if (name != NULL && only == NULL)
        return command_refuse_name(call, name);
    schemas = jsondoc_object();
    for (size_t i = 0; (command = command_at(i)) != NULL; i++)
        if (only == NULL || only == command)
            jsondoc_set(schemas, command->name, fields_schema(command->fields));
    call->data = jsondoc_object();
    jsondoc_set(call->data, "schemas", schemas);
    return 0;
}

const struct command command_schema = {
    .name = "schema",
    .help = "the JSON Schema of every command's data",
    .access = ACCESS_READ,
    .params = params,
    .fields = fields,
    .run = run,
};
