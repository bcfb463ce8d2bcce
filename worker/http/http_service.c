/* SPDX-License-Identifier: MIT */
#include "worker/http/http_service.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"

/* Memory of one request, besides its body. */
#define ARENA_MAX (1u << 20)

struct http_service *http_service_new(const struct config_pool *pool, cop_handler handler,
                                      void *state)
{
    /* Who looks at a blocking thread finds what is there, and can ask for nothing. */
    bool is_seen_by_signals = pool->slow_request > 0 && pool->tasks == 1;
    struct http_service *service = malloc(sizeof(*service));

    if (!service)
        return NULL;
    *service = (struct http_service){
        .handler = handler,
        .router = NULL,
        .middleware = NULL,
        .state = state,
        .header_timeout = clock_timeout(pool->header_timeout),
        .body_timeout = clock_timeout(pool->body_timeout),
        .request_timeout = clock_timeout(pool->request_timeout),
        .header_max = (uint32_t)pool->header_max,
        .body_max = pool->body_max,
        .min_rate = pool->min_rate,
        .arena_max = pool->body_max + ARENA_MAX,
        .request_id = pool->request_id,
        .wants_id = pool->request_id != CONFIG_REQUEST_ID_OFF || is_seen_by_signals,
        .wants_peer = is_seen_by_signals,
    };
    if (strcmp(pool->access_log, "off") == 0)
        return service;
    service->access_log = access_log_new(pool);
    if (!service->access_log) {
        free(service);
        return NULL;
    }
    service->wants_peer |= access_log_wants_peer(service->access_log);
    return service;
}

void http_service_free(struct http_service *service)
{
    if (service)
        access_log_free(service->access_log);
    free(service);
}
