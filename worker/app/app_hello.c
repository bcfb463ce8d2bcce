/* SPDX-License-Identifier: MIT */
#include "worker/coppice.h"

static int hello(struct cop_request *request, struct cop_response *response)
{
    cop_response_body(response, "text/plain", "Hello, World!", 13);
    return 0;
}

extern const struct cop_app app_hello;

const struct cop_app app_hello = {
    .name = "hello",
    .help = "answers every HTTP request with \"Hello, World!\"",
    .handler = hello,
};
