/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "master/commands.h"
#include "master/generation.h"
#include "master/master.h"
#include "master/pool.h"

static const struct command_param params[] = {
    {PARAM_FLAG, "now", NULL},
    {PARAM_END, NULL, NULL},
};

static const struct field fields[] = {
    {FIELD_STRING, "state", NULL, "stopping", "state", STYLE_PLAIN, NULL, NULL},
    {FIELD_INTEGER, "workers", "workers", "how many are to leave", "workers to leave", STYLE_PLAIN,
     NULL, NULL},
    {.type = FIELD_END},
};

static int64_t count_workers(const struct master *master)
{
    int64_t n = 0;

    list_for_each (&master->workers, node)
        n++;
    return n;
}

static int run(struct command_call *call)
{
    struct master *master = call->master;
    char why[64];

    snprintf(why, sizeof(why), "asked by uid %u, pid %d", (unsigned)call->peer.uid,
             (int)call->peer.pid);
    call->data = jsondoc_object();
    jsondoc_set(call->data, "state", jsondoc_string("stopping"));
    jsondoc_set(call->data, "workers", jsondoc_integer(count_workers(master)));
    master_stop(master, command_arg(call, "now") != NULL ? MASTER_STOPS : MASTER_DRAINS,
                master->current->config->supervision.drain_spread, why);
    return 0;
}

const struct command command_stop = {
    .name = "stop",
    .help = "drain and stop; --now closes everything; the connection ends with the server",
    .access = ACCESS_ADMIN,
    .params = params,
    .fields = fields,
    .run = run,
};
