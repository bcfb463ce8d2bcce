/* SPDX-License-Identifier: MIT */
/*
 * http_service.h - what HTTP on one loop of a pool goes by: who handles requests, and the limits.
 */
#ifndef COPPICE_HTTP_SERVICE_H
#define COPPICE_HTTP_SERVICE_H

#include "common/config.h"
#include "worker/http/access_log.h"
#include "worker/http/middleware.h"
#include "worker/http/router.h"
#include "worker/task/task.h"

struct http_service {
    cop_handler handler;              /* for what no route takes; NULL: 404 */
    const struct router *router;      /* the caller's; NULL: none */
    const cop_middleware *middleware; /* the caller's; NULL: none */
    void *state;
    cop_time header_timeout;  /* for a whole head, from its first byte */
    cop_time body_timeout;    /* each wait for more of a body */
    cop_time request_timeout; /* for the handler; COP_NEVER */
    uint32_t header_max;
    uint64_t body_max;
    uint64_t min_rate;             /* bytes a second, of bodies and long answers; 0: none */
    uint64_t arena_max;            /* memory that one request may take with cop_request_alloc */
    unsigned request_id;           /* enum config_request_id */
    bool wants_id;                 /* from the start of each request */
    bool wants_peer;               /* of each connection */
    struct access_log *access_log; /* the service's; NULL: none */
};

/* A service with the pool's limits, for the caller to add a router and middleware to; `state` is
 * what the handler finds in request->state and stays the caller's. NULL: no memory. */
struct http_service *http_service_new(const struct config_pool *pool, cop_handler handler,
                                      void *state);
void http_service_free(struct http_service *service);

#endif
