/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>

#include "master/commands.h"
#include "master/generation.h"
#include "master/reload.h"

static const struct command_param params[] = {{PARAM_END, NULL, NULL}};

static const struct field change_fields[] = {
    {FIELD_STRING, "key", NULL, "the key", "CHANGED", STYLE_PLAIN, NULL, NULL},
    {FIELD_STRING, "before", NULL, "its value before; null for options of an app", "BEFORE",
     STYLE_PLAIN, NULL, NULL},
    {FIELD_STRING, "after", NULL, "its value now; null for options of an app", "AFTER", STYLE_PLAIN,
     NULL, NULL},
    {.type = FIELD_END},
};

static const struct field fields[] = {
    {FIELD_STRING, "verdict", NULL, "ok: the new generation serves", "reload", STYLE_PLAIN, NULL,
     NULL},
    {FIELD_INTEGER, "generation", NULL, "that serves now", "generation", STYLE_PLAIN, NULL, NULL},
    {FIELD_INTEGER, "took_ns", "nanoseconds", "until all its workers were ready", "took",
     STYLE_DURATION, NULL, NULL},
    {FIELD_STRINGS, "pools_added", NULL, "pools that are new", "added", STYLE_PLAIN, NULL, NULL},
    {FIELD_STRINGS, "pools_removed", NULL, "pools that are gone", "removed", STYLE_PLAIN, NULL,
     NULL},
    {FIELD_STRINGS, "notes", NULL, "what is not as one may think", "note", STYLE_PLAIN, NULL, NULL},
    {FIELD_ROWS, "changes", NULL, "a row per key that has another value", "", STYLE_PLAIN, NULL,
     change_fields},
    {.type = FIELD_END},
};

static int resume(struct command_call *call)
{
    const struct reload_verdict *verdict = reload_verdict(call->master, call->ticket);

    if (verdict == NULL)
        return COMMAND_LATER;
    if (!verdict->is_ok)
        return command_refuse(call, -ECANCELED, "%s; generation %u serves on", verdict->text,
                              verdict->generation);
    call->data = jsondoc_copy(verdict->changes);
    if (call->data == NULL)
        return command_refuse(call, -ENOMEM, "it went well, but there is no memory to tell it");
    jsondoc_set(call->data, "verdict", jsondoc_string("ok"));
    jsondoc_set(call->data, "generation", jsondoc_integer(verdict->generation));
    jsondoc_set(call->data, "took_ns", jsondoc_integer(verdict->took_ns));
    return 0;
}

static int run(struct command_call *call)
{
    char why[64];

    if (master_is_leaving(call->master))
        return command_refuse(call, -ESHUTDOWN, "the server is stopping");
    snprintf(why, sizeof(why), "uid %u, pid %d", (unsigned)call->peer.uid, (int)call->peer.pid);
    call->ticket = reload_request(call->master, why);
    return COMMAND_LATER;
}

const struct command command_reload = {
    .name = "reload",
    .help = "read the configuration anew; new workers take over when all are ready, or none does",
    .access = ACCESS_OPERATE,
    .params = params,
    .fields = fields,
    .run = run,
    .resume = resume,
};
