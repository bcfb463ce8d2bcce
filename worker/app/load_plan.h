/* SPDX-License-Identifier: MIT */
/*
 * load_plan.h - what one loop of the load generator is to do, read from its pool's options.
 */
#ifndef COPPICE_LOAD_PLAN_H
#define COPPICE_LOAD_PLAN_H

#include "common/config.h"
#include "common/url.h"

#define LOAD_PLAN_REQUEST_MAX (URL_PATH_MAX + ADDRESS_TEXT_MAX + 128)
#define LOAD_PLAN_PING_LEN    64

struct load_plan {
    struct url url;
    int64_t connections;
    int64_t requests; /* end after so many measured answers; 0: when the time is over */
    int64_t warmup;
    int64_t duration; /* measured, after the warm-up */
    int64_t timeout;  /* of a connect, and of a request */
    bool keepalive;   /* false: a connection per request */
    size_t request_len;
    char request[LOAD_PLAN_REQUEST_MAX]; /* the bytes to send each time */
};

/* Read a pool's options into *plan. Returns 0, or -EINVAL with a sentence in error[0 .. size). */
int load_plan_read(const struct config_pool *pool, struct load_plan *plan, char *error,
                   size_t size);

#endif
