/* SPDX-License-Identifier: MIT */
/*
 * What most handlers do most of the time: wait for somebody else. GET /20 answers after 20
 * milliseconds.
 */
#include <string.h>

#include "worker/app/app_http.h"

#define WAIT_MAX_MS 60000

/* "/20" or "/wait/20". Returns the milliseconds, or -400. */
static int parse_path(struct cop_slice path)
{
    static const char prefix[] = "/wait";
    size_t i = sizeof(prefix) - 1;
    int ms = 0;

    if (path.len <= i || memcmp(path.data, prefix, i) != 0)
        i = 0;
    if (path.len < i + 2 || path.data[i] != '/')
        return -400;
    for (i++; i < path.len; i++) {
        if (path.data[i] < '0' || path.data[i] > '9')
            return -400;
        ms = ms * 10 + (path.data[i] - '0');
        if (ms > WAIT_MAX_MS)
            return -400;
    }
    return ms;
}

static int wait_and_answer(struct cop_request *request, struct cop_response *response)
{
    int ms = parse_path(request->path);
    int rc = ms < 0 ? ms : cop_sleep(ms * COP_MS);

    if (rc < 0)
        return rc;
    cop_response_body(response, "text/plain", "done\n", 5);
    return 0;
}

static int start(const struct config_pool *pool, struct cop_service *service, char *error,
                 size_t size)
{
    return app_http_start(pool, service, wait_and_answer, error, size);
}

extern const struct cop_app app_wait;

const struct cop_app app_wait = {
    .name = "wait",
    .help = "sleeps the milliseconds in the URL (/20, at most /60000), then answers over HTTP",
    .start = start,
    .stop = app_http_stop,
};
