/* SPDX-License-Identifier: MIT */
#include "worker/app/app_http.h"

#include <errno.h>
#include <stdio.h>

int app_http_start(const struct config_pool *pool, struct cop_service *service, cop_handler handler,
                   char *error, size_t size)
{
    struct http_service *http = http_service_new(pool, handler, NULL);

    if (!http) {
        snprintf(error, size, "no memory");
        return -ENOMEM;
    }
    service->serve = http_serve;
    service->arg = http;
    return 0;
}

void app_http_stop(struct cop_service *service)
{
    http_service_free(service->arg);
    service->arg = NULL;
}
