/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>

#include "common/clock.h"
#include "common/log.h"
#include "master/commands.h"
#include "master/generation.h"
#include "master/master.h"
#include "master/pool.h"
#include "master/supervisor.h"

static const struct command_param params[] = {
    {PARAM_REQUIRED, "pool", "POOL"},
    {PARAM_REQUIRED, "workers", "N|+N|-N"},
    {PARAM_FLAG, "wait", NULL},
    {PARAM_END, NULL, NULL},
};

static const struct field fields[] = {
    {FIELD_STRING, "pool", NULL, "the pool's name", "pool", STYLE_PLAIN, NULL, NULL},
    {FIELD_INTEGER, "workers_before", "workers", "how many were wanted", "workers before",
     STYLE_PLAIN, NULL, NULL},
    {FIELD_INTEGER, "workers_wanted", "workers", "how many are wanted now", "wanted", STYLE_PLAIN,
     NULL, NULL},
    {FIELD_INTEGER, "workers_ready", "workers", "how many of them serve already", "ready",
     STYLE_PLAIN, NULL, NULL},
    {FIELD_STRING, "lasts", NULL, "how long this holds", "lasts", STYLE_PLAIN, NULL, NULL},
    {.type = FIELD_END},
};

/* The wanted number that the text means, or -errno with the reason in the call. */
static int64_t parse(struct command_call *call, const struct pool *pool, const char *text)
{
    int64_t number = command_number(call, "workers",
                                    text[0] == '+' || text[0] == '-' ? text + 1 : text, UINT16_MAX);

    if (number < 0)
        return number;
    if (text[0] == '+')
        return pool->wanted + number;
    if (text[0] != '-')
        return number;
    if (number > pool->wanted)
        return command_refuse(call, -EINVAL, "pool %s has only %u workers", pool->config->name,
                              pool->wanted);
    return pool->wanted - number;
}

static int resume(struct command_call *call)
{
    const struct pool *pool = command_pool(call, command_arg(call, "pool"));

    if (call->master->stop != MASTER_SERVES)
        return command_refuse(call, -ESHUTDOWN, "the server is stopping");
    if (pool == NULL)
        return -ENOENT;
    if (call->ticket != call->master->current->number)
        return command_refuse(call, -ECANCELED,
                              "a reload came between: pool %s wants %u workers as configured",
                              pool->config->name, pool->wanted);
    if (!pool_is_complete(pool))
        return COMMAND_LATER;
    jsondoc_set(call->data, "workers_ready", jsondoc_integer(pool_ready(pool)));
    return 0;
}

static int run(struct command_call *call)
{
    struct pool *pool = command_pool(call, command_arg(call, "pool"));
    unsigned before;
    int64_t workers;
    int rc;

    if (pool == NULL)
        return -ENOENT;
    before = pool->wanted;
    workers = parse(call, pool, command_arg(call, "workers"));
    if (workers < 0)
        return (int)workers;
    rc = supervisor_scale(pool, workers, call->error, sizeof(call->error));
    if (rc < 0)
        return rc;
    log_info("pool %s: %u workers wanted instead of %u, by uid %u, pid %d", pool->config->name,
             pool->wanted, before, (unsigned)call->peer.uid, (int)call->peer.pid);
    call->data = jsondoc_object();
    jsondoc_set(call->data, "pool", jsondoc_string(pool->config->name));
    jsondoc_set(call->data, "workers_before", jsondoc_integer(before));
    jsondoc_set(call->data, "workers_wanted", jsondoc_integer(pool->wanted));
    jsondoc_set(call->data, "workers_ready", jsondoc_integer(pool_ready(pool)));
    jsondoc_set(call->data, "lasts", jsondoc_string("until the next reload"));
    call->ticket = call->master->current->number;
    return command_arg(call, "wait") != NULL ? resume(call) : 0;
}

const struct command command_scale = {
    .name = "scale",
    .help = "change a pool's number of workers; --wait answers when they serve",
    .access = ACCESS_OPERATE,
    .params = params,
    .fields = fields,
    .run = run,
    .resume = resume,
};
