/* SPDX-License-Identifier: MIT */
#include "worker/http/request.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "worker/http/http_session.h"

struct cop_slice cop_request_header(const struct cop_request *request, const char *name)
{
    size_t len = strlen(name);

    for (size_t i = 0; i < request->nfields; i++) {
        const struct http_field *field = &request->fields[i];

        if (field->name_len == len && strncasecmp(request->head + field->name, name, len) == 0)
            return (struct cop_slice){request->head + field->value, field->value_len};
    }
    return (struct cop_slice){NULL, 0};
}

bool cop_request_field(const struct cop_request *request, size_t i, struct cop_slice *name,
                       struct cop_slice *value)
{
    const struct http_field *field;

    if (i >= request->nfields)
        return false;
    field = &request->fields[i];
    *name = (struct cop_slice){request->head + field->name, field->name_len};
    *value = (struct cop_slice){request->head + field->value, field->value_len};
    return true;
}

struct cop_slice cop_request_param(const struct cop_request *request, const char *name)
{
    size_t len = strlen(name);

    for (size_t i = 0; i < request->nparams; i++) {
        const struct cop_param *param = &request->params[i];

        if (param->name_len == len && memcmp(param->name, name, len) == 0)
            return param->value;
    }
    return (struct cop_slice){NULL, 0};
}

void *cop_request_alloc(struct cop_request *request, size_t size)
{
    return arena_alloc(&request->session->arena, size);
}

char *cop_request_string(struct cop_request *request, struct cop_slice slice)
{
    char *text = cop_request_alloc(request, slice.len + 1);

    if (!text)
        return NULL;
    if (slice.len)
        memcpy(text, slice.data, slice.len);
    text[slice.len] = 0;
    return text;
}

static int defer(struct http_session *session, void (*fn)(void *arg), void *arg)
{
    struct http_deferred *deferred = arena_alloc(&session->arena, sizeof(*deferred));

    if (!deferred) {
        fn(arg);
        return -ENOMEM;
    }
    *deferred = (struct http_deferred){session->deferred, fn, arg};
    session->deferred = deferred;
    return 0;
}

const struct cop_peer *cop_request_peer(const struct cop_request *request)
{
    return cop_connection_peer(request->session->connection);
}

int cop_request_defer(struct cop_request *request, void (*fn)(void *arg), void *arg)
{
    return defer(request->session, fn, arg);
}

int cop_response_defer(struct cop_response *response, void (*fn)(void *arg), void *arg)
{
    return defer(response->session, fn, arg);
}

bool cop_slice_equal(struct cop_slice slice, const char *text)
{
    return slice.len == strlen(text) && memcmp(slice.data, text, slice.len) == 0;
}
