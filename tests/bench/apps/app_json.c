/* SPDX-License-Identifier: MIT */
/* One kilobyte of JSON, built anew for each request: ten values, as of an article. */
#include "worker/coppice.h"

#define PARAGRAPH                                                                                \
    "A handler is straight-line C that may wait, and blocks nobody but itself. The kernel says " \
    "which connections can be read, each of them gets a task for as long as it is served, and "  \
    "an idle one is a record in a list: no stack, no buffer, nothing that costs more than it."

static int article(struct cop_request *request, struct cop_response *response)
{
    struct cop_json *tags = cop_json_array();
    struct cop_json *value = cop_json_object();

    (void)request;
    cop_json_push(tags, cop_json_string("servers"));
    cop_json_push(tags, cop_json_string("tasks"));
    cop_json_set(value, "id", cop_json_integer(4711));
    cop_json_set(value, "title", cop_json_string("What a connection costs while nobody speaks"));
    cop_json_set(value, "author", cop_json_string("somebody@example.org"));
    cop_json_set(value, "tags", tags);
    cop_json_set(value, "published", cop_json_bool(true));
    cop_json_set(value, "lead", cop_json_string(PARAGRAPH));
    cop_json_set(value, "text", cop_json_string(PARAGRAPH PARAGRAPH));
    return cop_response_json(response, value);
}

const struct cop_app cop_app = {.abi = COP_ABI, .name = "json", .handler = article};
