/* SPDX-License-Identifier: MIT */
#include "worker/app/app_http.h"

static int hello(struct cop_request *request, struct cop_response *response)
{
    cop_response_body(response, "text/plain", "Hello, World!", 13);
    return 0;
}

static int start(const struct config_pool *pool, struct cop_service *service, char *error,
                 size_t size)
{
    return app_http_start(pool, service, hello, error, size);
}

extern const struct cop_app app_hello;

const struct cop_app app_hello = {
    .name = "hello",
    .help = "answers every HTTP request with \"Hello, World!\"",
    .start = start,
    .stop = app_http_stop,
};
