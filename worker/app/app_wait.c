/* SPDX-License-Identifier: MIT */
/*
 * What most handlers do most of the time: wait for somebody else. GET /20 answers after 20
 * milliseconds.
 */
#include "worker/coppice.h"

#define WAIT_MAX_MS 60000

/* Returns the milliseconds, or -400. */
static int parse_ms(struct cop_slice text)
{
    int ms = 0;

    if (!text.len)
        return -400;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return -400;
        ms = ms * 10 + (text.data[i] - '0');
        if (ms > WAIT_MAX_MS)
            return -400;
    }
    return ms;
}

static int wait_and_answer(struct cop_request *request, struct cop_response *response)
{
    int ms = parse_ms(cop_request_param(request, "ms"));
    int rc = ms < 0 ? ms : cop_sleep(ms * COP_MS);

    if (rc < 0)
        return rc;
    cop_response_body(response, "text/plain", "done\n", 5);
    return 0;
}

static const struct cop_route routes[] = {
    COP_ANY("/{ms}", wait_and_answer),
    COP_ANY("/wait/{ms}", wait_and_answer),
    COP_ROUTES_END,
};

extern const struct cop_app app_wait;

const struct cop_app app_wait = {
    .name = "wait",
    .help = "sleeps the milliseconds in the URL (/20, at most /60000), then answers over HTTP",
    .example = "/20",
    .routes = routes,
};
