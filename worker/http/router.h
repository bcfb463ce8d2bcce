/* SPDX-License-Identifier: MIT */
/*
 * router.h - from a request's method and path to its handler.
 *
 * A pattern is a path of segments: static text, {name} for one segment that is not empty, and at
 * the end {name...} for the rest, which may be empty. Static text goes before {name}, and that
 * before {name...}; the order of the routes means nothing. Segments are compared and given
 * percent-decoded.
 * "/users" and "/users/" are two paths. HEAD is served by the GET route, OPTIONS by the router,
 * where no route takes them.
 */
#ifndef COPPICE_ROUTER_H
#define COPPICE_ROUTER_H

#include "worker/http/request.h"
#include "worker/http/response.h"

struct cop_route {
    unsigned methods;    /* 1 << COP_METHOD_..., several together */
    const char *pattern; /* NULL ends a table of routes */
    cop_handler handler;
};

/* clang-format off */
#define COP_GET(pattern, handler)     {1u << COP_METHOD_GET, pattern, handler}
#define COP_POST(pattern, handler)    {1u << COP_METHOD_POST, pattern, handler}
#define COP_PUT(pattern, handler)     {1u << COP_METHOD_PUT, pattern, handler}
#define COP_DELETE(pattern, handler)  {1u << COP_METHOD_DELETE, pattern, handler}
#define COP_PATCH(pattern, handler)   {1u << COP_METHOD_PATCH, pattern, handler}
#define COP_ANY(pattern, handler)     {0x7fu, pattern, handler}
#define COP_ROUTES_END                {0, NULL, NULL}
/* clang-format on */

struct router;

/* Compile a table that ends with COP_ROUTES_END and outlives the router. Returns 0 and gives
 * *router to the caller; -EINVAL with a sentence in error[0 .. size), -ENOMEM. */
int router_new(const struct cop_route *routes, struct router **router, char *error, size_t size);
void router_free(struct router *router);

/* Find the handler and set the request's parameters. Returns 0, -404, -400 for a path that cannot
 * be decoded, -ENOMEM; for another method than the path has -405, with the bits of those it has in
 * *allowed. */
int router_find(const struct router *router, struct cop_request *request, cop_handler *handler,
                unsigned *allowed);

/* "GET, HEAD, POST" into text. */
#define ROUTER_ALLOW_MAX 80
void router_print_allowed(unsigned allowed, char text[ROUTER_ALLOW_MAX]);

#endif
