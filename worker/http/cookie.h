/* SPDX-License-Identifier: MIT */
/*
 * cookie.h - Cookie and Set-Cookie (RFC 6265).
 */
#ifndef COPPICE_COOKIE_H
#define COPPICE_COOKIE_H

#include "worker/http/request.h"
#include "worker/http/response.h"

/* Take the first name=value from the front of *cookies, the value of a Cookie field. Pieces that
 * are no pair are skipped. Returns false when there is none. */
COP_PUBLIC bool cop_cookie_next(struct cop_slice *cookies, struct cop_slice *name,
                                struct cop_slice *value);

/* The value of the first cookie of that name (which is the client's word), without the quotes
 * around it; data is NULL when there is none. */
COP_PUBLIC struct cop_slice cop_request_cookie(const struct cop_request *request, const char *name);

struct cop_cookie {
    const char *name;
    const char *value; /* as it goes over the wire: no space, comma, semicolon, quote, '\' */
    const char *path;  /* NULL: none is sent, and so below */
    const char *domain;
    const char *same_site; /* "Strict", "Lax", "None" */
    int64_t max_age;       /* seconds; 0: for the session, below 0: forget it */
    bool secure;
    bool http_only;
};

/* Add a Set-Cookie field. Returns 0, -EINVAL for what may not stand there, -ENOSPC. */
COP_PUBLIC COP_MUST int cop_response_cookie(struct cop_response *response,
                                            const struct cop_cookie *cookie);

#endif
