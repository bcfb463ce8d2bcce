/* SPDX-License-Identifier: MIT */
/*
 * What a handler on a loop should not do, at will: GET /20 computes for 20 milliseconds, GET
 * /block/20 makes a system call that blocks the thread so long. For comparisons of models, and for
 * seeing the watchdog at work.
 */
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "worker/coppice.h"

#define BURN_MAX_MS 60000

/* "/20". Returns the milliseconds, or -400. */
static int parse_ms(const char *text, size_t len)
{
    int ms = 0;

    if (len < 2 || text[0] != '/')
        return -400;
    for (size_t i = 1; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -400;
        ms = ms * 10 + (text[i] - '0');
        if (ms > BURN_MAX_MS)
            return -400;
    }
    return ms;
}

static __attribute__((noinline)) void burn_cpu(int ms)
{
    int64_t end = clock_now() + ms * NS_PER_MS;

    while (clock_now() < end)
        ;
}

static __attribute__((noinline)) void block_thread(int ms)
{
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * NS_PER_MS};

    while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) != 0)
        ;
}

static int burn_and_answer(struct cop_request *request, struct cop_response *response)
{
    static const char prefix[] = "/block";
    size_t skip = sizeof(prefix) - 1;
    bool blocks = request->path.len > skip && memcmp(request->path.data, prefix, skip) == 0;
    int ms =
        parse_ms(request->path.data + (blocks ? skip : 0), request->path.len - (blocks ? skip : 0));

    if (ms < 0)
        return ms;
    if (blocks)
        block_thread(ms);
    else
        burn_cpu(ms);
    cop_response_body(response, "text/plain", "done\n", 5);
    return 0;
}

extern const struct cop_app app_burn;

const struct cop_app app_burn = {
    .name = "burn",
    .help = "computes for the milliseconds in the URL (/20), or blocks its thread (/block/20)",
    .example = "/20",
    .handler = burn_and_answer,
};
