/* SPDX-License-Identifier: MIT */
/*
 * middleware.h - what happens around every handler of an app.
 *
 *     static int timed(struct cop_request *request, struct cop_response *response,
 *                      const struct cop_next *next)
 *     {
 *         cop_time began = cop_now();
 *         int rc = cop_next(next, request, response);
 *
 *         log_it(request, rc, cop_now() - began);
 *         return rc;
 *     }
 *
 * One that does not call cop_next answers itself, with an error of its own fields like this:
 *
 *     response->status = 401;
 *     return cop_response_header(response, "WWW-Authenticate", "Bearer");
 *
 * It sees requests that no route takes, too: as -404.
 */
#ifndef COPPICE_MIDDLEWARE_H
#define COPPICE_MIDDLEWARE_H

#include "worker/http/response.h"

struct cop_next;

typedef int (*cop_middleware)(struct cop_request *request, struct cop_response *response,
                              const struct cop_next *next);

/* Not for middleware: what is left of the chain; NULL ends the list. */
struct cop_next {
    const cop_middleware *list;
    cop_handler handler;
};

/* Call what comes next: another middleware, or the handler. Returns its result: 0, -status (with
 * the minus, however it was returned) or -errno. */
COP_PUBLIC int cop_next(const struct cop_next *next, struct cop_request *request,
                        struct cop_response *response);

#endif
