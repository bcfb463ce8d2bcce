/* SPDX-License-Identifier: MIT */
#include "worker/app/load_plan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "worker/http/http_client.h"

/* What is sent each time: a whole GET, or a line of text for an echo. */
static int build_request(struct load_plan *plan, bool keepalive)
{
    if (plan->url.scheme == URL_TCP) {
        memset(plan->request, '.', LOAD_PLAN_PING_LEN - 1);
        plan->request[LOAD_PLAN_PING_LEN - 1] = '\n';
        return LOAD_PLAN_PING_LEN;
    }
    return http_client_build_get(plan->request, sizeof(plan->request), plan->url.authority,
                                 plan->url.path, keepalive);
}

int load_plan_make(struct load_plan *plan, const char *url, bool keepalive, char *error,
                   size_t size)
{
    const char *why = NULL;
    int len;

    if (url_parse(url, &plan->url, &why) < 0) {
        snprintf(error, size, "option url: \"%s\": expected %s", url, why);
        return -EINVAL;
    }
    len = build_request(plan, keepalive);
    if (len < 0) {
        snprintf(error, size, "option url: the request would be longer than %zu bytes",
                 sizeof(plan->request));
        return -EINVAL;
    }
    plan->request_len = (size_t)len;
    return 0;
}
