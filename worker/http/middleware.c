/* SPDX-License-Identifier: MIT */
#include "worker/http/middleware.h"

int cop_next(const struct cop_next *next, struct cop_request *request,
             struct cop_response *response)
{
    struct cop_next rest;

    if (!next->list || !*next->list)
        return next->handler(request, response);
    rest = (struct cop_next){next->list + 1, next->handler};
    return (*next->list)(request, response, &rest);
}
