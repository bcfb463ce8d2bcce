/* SPDX-License-Identifier: MIT */
/*
 * load_plan.h - what one client of the load generator sends, and where to.
 */
#ifndef COPPICE_LOAD_PLAN_H
#define COPPICE_LOAD_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "common/url.h"

#define LOAD_PLAN_REQUEST_MAX (URL_PATH_MAX + COP_ADDRESS_TEXT_MAX + 128)
#define LOAD_PLAN_PING_LEN    64

struct load_plan {
    struct url url;
    size_t request_len;
    char request[LOAD_PLAN_REQUEST_MAX]; /* the bytes to send each time */
};

/* What a URL asks for, over and over; keepalive: on one connection. Returns 0, or -EINVAL with a
 * sentence in error[0 .. size). */
int load_plan_make(struct load_plan *plan, const char *url, bool keepalive, char *error,
                   size_t size);

#endif
