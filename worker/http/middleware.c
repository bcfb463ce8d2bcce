/* SPDX-License-Identifier: MIT */
#include "worker/http/middleware.h"

#include "worker/http/http_answer.h"

int cop_next(const struct cop_next *next, struct cop_request *request,
             struct cop_response *response)
{
    struct cop_next rest;

    if (!next->list || !*next->list)
        return http_answer_result(next->handler(request, response));
    rest = (struct cop_next){next->list + 1, next->handler};
    return http_answer_result((*next->list)(request, response, &rest));
}
