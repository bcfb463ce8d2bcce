/* SPDX-License-Identifier: MIT */
#include "worker/app/load_plan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/units.h"
#include "worker/http/http_client.h"

enum option_type { OPTION_INTEGER, OPTION_DURATION };

struct option {
    const char *name;
    enum option_type type;
    size_t offset; /* of an int64_t in struct load_plan */
    int64_t least;
    const char *expected;
};

static const struct option options[] = {
    {"connections", OPTION_INTEGER, offsetof(struct load_plan, connections), 1, "a number from 1"},
    {"requests", OPTION_INTEGER, offsetof(struct load_plan, requests), 0, "a number; 0: no limit"},
    {"warmup", OPTION_DURATION, offsetof(struct load_plan, warmup), 0, "a duration like 1s"},
    {"duration", OPTION_DURATION, offsetof(struct load_plan, duration), 1, "a duration like 10s"},
    {"timeout", OPTION_DURATION, offsetof(struct load_plan, timeout), 1, "a duration like 5s"},
};

static int read_number(const struct option *option, const char *text, struct load_plan *plan)
{
    int64_t value;
    int rc = option->type == OPTION_INTEGER ? units_parse_integer(text, &value)
                                            : units_parse_duration(text, &value);

    if (rc < 0 || value < option->least)
        return -EINVAL;
    memcpy((char *)plan + option->offset, &value, sizeof(value));
    return 0;
}

static const struct option *find_option(const char *name)
{
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        if (strcmp(options[i].name, name) == 0)
            return &options[i];
    return NULL;
}

/* Returns NULL, or what was expected instead. */
static const char *read_option(const struct config_option *given, struct load_plan *plan,
                               bool *url_given)
{
    const struct option *option = find_option(given->name);
    const char *why = NULL;

    if (option)
        return read_number(option, given->value, plan) < 0 ? option->expected : NULL;
    if (strcmp(given->name, "url") == 0) {
        *url_given = true;
        return url_parse(given->value, &plan->url, &why) < 0 ? why : NULL;
    }
    if (strcmp(given->name, "keepalive") == 0) {
        plan->keepalive = strcmp(given->value, "true") == 0;
        return plan->keepalive || strcmp(given->value, "false") == 0 ? NULL : "true or false";
    }
    return "url, connections, requests, warmup, duration, timeout or keepalive";
}

/* What is sent each time: a whole GET, or a line of text for an echo. */
static int build_request(struct load_plan *plan)
{
    if (plan->url.scheme == URL_TCP) {
        memset(plan->request, '.', LOAD_PLAN_PING_LEN - 1);
        plan->request[LOAD_PLAN_PING_LEN - 1] = '\n';
        return LOAD_PLAN_PING_LEN;
    }
    return http_client_build_get(plan->request, sizeof(plan->request), plan->url.authority,
                                 plan->url.path, plan->keepalive);
}

int load_plan_read(const struct config_pool *pool, struct load_plan *plan, char *error, size_t size)
{
    struct load_plan read = {
        .connections = 16,
        .duration = 10 * NS_PER_S,
        .timeout = 5 * NS_PER_S,
        .keepalive = true,
    };
    bool url_given = false;
    int len;

    for (size_t i = 0; i < pool->noptions; i++) {
        const struct config_option *given = &pool->options[i];
        const char *expected = read_option(given, &read, &url_given);

        if (expected) {
            snprintf(error, size, "option %s: \"%s\": expected %s", given->name, given->value,
                     expected);
            return -EINVAL;
        }
    }
    if (!url_given) {
        snprintf(error, size, "option url is missing");
        return -EINVAL;
    }
    len = build_request(&read);
    if (len < 0) {
        snprintf(error, size, "option url: the request would be longer than %zu bytes",
                 sizeof(read.request));
        return -EINVAL;
    }
    read.request_len = (size_t)len;
    *plan = read;
    return 0;
}
